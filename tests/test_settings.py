"""Layers of settings: what lies beside the code, a file, services.toml, variables, each stronger than the one before."""

from pathlib import Path

import pytest

from mart.schedule import timetable
from mart.settings import Settings

FILE = """
[shops.flipkart]
cron = ""
limit = 5

[shops.corner]
start = ["https://corner.example/lamps"]
cron = "0 4 * * mon"
"""


def test_shops_beside_the_code_are_known_and_have_cron_lines_that_also_eventbridge_has(tmp_path: Path) -> None:
    shops = Settings.read(home=tmp_path).shops
    assert {"amazon-in", "flipkart", "ebay-de"} <= shops.keys()
    assert {name: cron.eventbridge() for name, cron in timetable(shops).items()} == {
        "amazon-in": "cron(40 20 * * ? *)",
        "flipkart": "cron(25 21 * * ? *)",
        "ebay-de": "cron(10 2 ? * 3,6 *)",
    }
    assert not any(shop.private for shop in shops.values())
    assert min(shop.delay_seconds for shop in shops.values()) >= 5, "a pause that a shop does not notice"


def test_a_file_changes_single_keys_of_a_shop_and_adds_shops(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(FILE)
    known, shops = Settings.read(home=tmp_path).shops, Settings.read(file, tmp_path).shops
    assert shops["flipkart"] == known["flipkart"].model_copy(update={"cron": "", "limit": 5})
    assert shops["corner"].cron == "0 4 * * mon"
    assert shops["ebay-de"] == known["ebay-de"]


def test_services_of_the_home_are_stronger_than_a_file_and_variables_than_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(FILE)
    (tmp_path / "services.toml").write_text("[shops.flipkart]\nlimit = 6\nconcurrent = 3\n")
    assert Settings.read(file, tmp_path).shops["flipkart"].limit == 6
    monkeypatch.setenv("MART_SHOPS", '{"flipkart": {"limit": 7}}')
    flipkart = Settings.read(file, tmp_path).shops["flipkart"]
    assert (flipkart.limit, flipkart.concurrent, flipkart.cron, flipkart.javascript) == (7, 3, "", True)


def test_an_address_in_s3_has_one_spelling(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('lake = "s3://shop/lake/"\n')
    settings = Settings.read(file, tmp_path)
    assert (settings.lake, settings.checkpoints) == ("s3a://shop/lake", "s3a://shop/lake/_checkpoints")


@pytest.mark.parametrize("name", ["emr", "glue", "local"])
def test_the_settings_files_that_we_ship_can_be_read(tmp_path: Path, name: str) -> None:
    settings = Settings.read(Path(__file__).parents[1] / "conf" / f"{name}.toml", tmp_path)
    assert settings.lake.startswith("s3a://") == (name != "local")
    assert settings.aws.endpoint_url == "", "an emulator's address comes from `mart up`"
