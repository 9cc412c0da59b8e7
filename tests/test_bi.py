"""Querying from outside: every question of docs/bi.md is answered as it says, and Athena and Snowflake are given what they take."""

import json
import re
import uuid
from pathlib import Path

import pytest
from botocore.stub import Stubber
from click.testing import CliRunner

from mart import bi
from mart.cli import main
from mart.edges import athena, aws, duck, snowflake
from mart.schema import snowflake as sql
from mart.settings import Settings
from mart.tables import QUESTIONS, SALES, SERVED
from tests import demolake

PAGE = Path(__file__).parents[1] / "docs" / "bi.md"
EXAMPLE = re.compile(r"^### `(\w+)`\n\n(.+?)\n\n```sql\n(.+?)\n```\n\n(\|.+?)\n\n", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The demo's lake."""
    settings = Settings.read(home=tmp_path_factory.mktemp("demo"))
    demolake.make(settings)
    return settings


def answer(settings: Settings, asked: str) -> str:
    """Answer a question as a table in Markdown."""
    names, rows = duck.ask(settings, asked)
    lines = [names, ["---"] * len(names), *([str(duck.plain(value)) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def test_every_question_of_the_page_is_answered_as_it_says(demo: Settings) -> None:
    examples = EXAMPLE.findall(PAGE.read_text() + "\n\n")
    assert [(name, doc, asked) for name, doc, asked, _ in examples] == [
        (one.name, one.doc, one.sql) for one in QUESTIONS
    ]
    for _, _, asked, told in examples:
        assert told == answer(demo, asked)


def test_every_statement_of_sql_on_the_page_is_one_of_the_questions() -> None:
    assert PAGE.read_text().count("```sql") == len(QUESTIONS)


def test_athena_is_given_a_delta_table_by_its_place_alone(tmp_path: Path) -> None:
    """Athena refuses a statement with columns or further properties."""
    statements = bi.tables_in_athena(Settings(lake="s3a://zone/lake"))
    sales = next(one for one in statements if "serving_sales\n" in one)
    assert sales == (
        f"-- serving.sales: {SALES.doc}\n"
        "CREATE EXTERNAL TABLE IF NOT EXISTS mart.serving_sales\n"
        "LOCATION 's3://zone/lake/serving/sales/'\nTBLPROPERTIES ('table_type' = 'DELTA');"
    )
    assert len(statements) == 1 + len([one for one in statements if one.startswith("-- ")])


def test_questions_name_athenas_tables() -> None:
    for one in bi.questions_in_athena(Settings()):
        assert not re.search(r"\bserving\.\w", one.sql)
        assert re.search(r"FROM mart\.serving_\w+", one.sql)


def test_questions_are_saved_once(aws_up: Settings) -> None:
    wanted, workgroup, client = (
        bi.questions_in_athena(aws_up),
        f"test-{uuid.uuid4().hex[:8]}",
        aws.client("athena", aws_up.aws),
    )
    client.create_work_group(Name=workgroup)
    for what in ("created", "unchanged"):
        assert [one.what for one in athena.save(client, workgroup, "mart", wanted)] == [what] * len(QUESTIONS)
    assert len(client.list_named_queries(WorkGroup=workgroup)["NamedQueryIds"]) == len(QUESTIONS)


def test_a_question_that_has_changed_is_saved_anew(aws_up: Settings) -> None:
    """Moto knows no UpdateNamedQuery: what is sent is held against the service's own model instead."""
    wanted, client = bi.questions_in_athena(aws_up)[0], aws.client("athena", aws_up.aws)
    there = {
        "Name": wanted.name,
        "Description": wanted.doc,
        "Database": "mart",
        "QueryString": "SELECT 1",
        "NamedQueryId": "7",
    }
    with Stubber(client) as answers:
        answers.add_response("list_named_queries", {"NamedQueryIds": ["7"]}, {"WorkGroup": "w"})
        answers.add_response("get_named_query", {"NamedQuery": there}, {"NamedQueryId": "7"})
        said = {"Name": wanted.name, "Description": wanted.doc, "QueryString": wanted.sql}
        answers.add_response("update_named_query", {}, {"NamedQueryId": "7", **said})
        assert [one.what for one in athena.save(client, "w", "mart", [wanted])] == ["updated"]
        answers.assert_no_pending_responses()


def test_an_athena_that_is_away_is_said_in_a_line(aws_up: Settings, tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text('[aws]\nendpoint_url = "http://127.0.0.1:9"\n')
    done = CliRunner().invoke(main, ["bi", "athena", "--save", "--home", str(tmp_path), "--settings", str(file)])
    assert done.exit_code == 1
    assert len(done.stderr.splitlines()) == 1
    assert "check the credentials and the aws settings" in done.stderr


@pytest.fixture
def warehouse(snowflake_up: Settings) -> Settings:
    """A Snowflake with a schema of this test's own, whose name the views are made from."""
    name = f"T{uuid.uuid4().hex[:8].upper()}"
    return snowflake_up.model_copy(
        update={"snowflake": snowflake_up.snowflake.model_copy(update={"schema_name": name})}
    )


def test_a_view_of_each_published_table_says_what_its_columns_mean(warehouse: Settings) -> None:
    published = SERVED[:4]
    with snowflake.connect(warehouse) as session:
        session.use_schema(warehouse.snowflake.schema_name)
        for table in published:
            session.rows(sql.ddl(table))
        session.rows("INSERT INTO sales VALUES ('p1', '2026-01-01', 'EUR', 2, 1, 20, 5)")

    made, absent = bi.make_views(warehouse)
    assert made == [f"SEMANTIC.{table.name.upper()}" for table in published]
    assert absent == [table.full_name for table in SERVED[4:]]
    assert bi.make_views(warehouse) == (made, absent), "again, over what is there"
    with snowflake.connect(warehouse) as session:
        assert session.rows("SELECT product_id, quantity FROM semantic.sales") == [("p1", 2)]
        for table in published:
            found = [column.name for column in session.columns(table.name, "SEMANTIC")]
            assert found == [column.name for column in sql.published(table)]


def test_the_statements_for_others_carry_every_sentence() -> None:
    text = "\n".join(bi.views_in_snowflake(Settings()))
    for table in SERVED:
        assert f"CREATE OR REPLACE VIEW {table.name} (" in text
        for column in sql.published(table):
            assert f"{column.name} COMMENT '{column.doc.replace(chr(39), '’')}'" in text


def test_a_home_without_a_snowflake_is_told_what_to_do(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["bi", "snowflake", "--create", "--home", str(tmp_path)])
    assert (done.exit_code, done.stdout) == (1, "")
    assert "the settings name no Snowflake" in done.stderr


def test_commands_print_sql_or_one_document(tmp_path: Path) -> None:
    def out(*words: str) -> str:
        return CliRunner().invoke(main, ["bi", *words, "--home", str(tmp_path)]).stdout

    assert "CREATE EXTERNAL TABLE IF NOT EXISTS mart.serving_sales" in out("athena")
    assert len(json.loads(out("athena", "--json"))["questions"]) == len(QUESTIONS)
    assert out("snowflake").startswith("CREATE SCHEMA IF NOT EXISTS SEMANTIC;")
    assert len(json.loads(out("snowflake", "--json"))) == 2 + len(SERVED)
