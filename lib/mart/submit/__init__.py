"""Jobs at work on AWS: a job, the release that it is in, and the place that runs it make a request that boto3 sends."""


class SubmitError(RuntimeError):
    """A job that can't be run there; the message says what to do."""
