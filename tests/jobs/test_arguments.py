"""What a job file understands on its command line, from spark-submit and from AWS Glue."""

import pytest

from mart import job


def test_glue_may_say_more_than_a_job_knows() -> None:
    words = ["--JOB_NAME", "refine", "--JOB_RUN_ID", "jr_1", "--enable-metrics", "true", "--settings", "conf/glue.toml"]
    assert job.arguments(job.parser_of("refine_offers.py"), words).settings == "conf/glue.toml"


def test_from_anybody_else_it_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        job.arguments(job.parser_of("refine_offers.py"), ["--setings", "conf/local.toml"])
    assert ended.value.code == 2
    assert "no such arguments: --setings" in capsys.readouterr().err
