"""Our stacks on AWS: which there are, in what order, and what each is told by those before it.

environment: one environment, as conf/aws-*.toml describes it. templates: what aws/*.yaml ask for and give. deploy:
plan, up, status, down. rendering: the settings that jobs there are run with.
"""
