"""The operator's settings: typed, from default.toml, imagine.toml and the environment, in rising order."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from config.logs import LogStyle

ROOT = Path(__file__).resolve().parent.parent
DEFAULTS = ROOT / "config" / "default.toml"
S3 = "s3://"
SECRETS = (  #: in the environment of the bot's own process, and of no other but Ray's, which has the last one
    "DISCORD_TOKEN",
    "IMAGINE_KEY",
    "PGPASSWORD",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "RAY_AUTH_TOKEN",
)
LOOPBACK = {"127.0.0.1", "::1", "localhost"}

Level = Literal["guild", "user"]


class ConfigError(Exception):
    """A configuration file is wrong; the text lists every problem, for the operator."""


class Limits(BaseModel):
    """What one person, one guild, and all together may have open; and how large an upload may be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pending_per_user: int = Field(ge=1)
    pending_per_guild: int = Field(ge=1)
    pending_in_all: int = Field(ge=1)
    daily_seconds: float | None = Field(default=None, gt=0)
    longest_wait: float = Field(gt=0)
    upload_bytes: int = Field(ge=1)
    upload_pixels: int = Field(ge=1)


class Role(BaseModel):
    """What people with a role have instead of what all have: "booster", "moderator", or a role by its id."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Literal["booster", "moderator"] | Annotated[str, Field(pattern=r"^\d{15,20}$")]
    weight: float = Field(default=1.0, ge=0.01, le=100)
    pending_per_user: int | None = Field(default=None, ge=1)
    daily_seconds: float | None = Field(default=None, gt=0)


class Fairness(BaseModel):
    """How turns go round: between whom, and by how much one may be taken out of turn to spare loading a checkpoint."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    levels: tuple[Level, ...]
    slack: float = Field(ge=0)

    @field_validator("levels")
    @classmethod
    def _users_have_their_share(cls, levels: tuple[Level, ...]) -> tuple[Level, ...]:
        if "user" not in levels or len(set(levels)) < len(levels):
            raise ValueError('"user" has to be among them, and each of them once')
        return levels


class Times(BaseModel):
    """Time limits, in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lease: float = Field(gt=0)
    attempt: float = Field(gt=0)
    load: float = Field(gt=0)
    preview_every: float = Field(gt=0)
    drain: float = Field(gt=0)


class Review(BaseModel):
    """Who moderates besides those who have Discord's rights, and where what belongs to no guild is reviewed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channel: int | None = None
    roles: tuple[Annotated[str, Field(pattern=r"^\d{15,20}$")], ...] = ()


class Credentials(BaseModel):
    """The operator's own certificates and private key for content credentials, as files; both, or none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    certificates: Path | None = None
    key: Path | None = None

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.certificates is None) is not (self.key is None):
            raise ValueError("certificates and key belong together: give both, or none")
        return self


class Retention(BaseModel):
    """After how many days what is no longer needed is forgotten."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    refused_words: float = Field(gt=0)
    case_words: float = Field(gt=0)
    conduct: float = Field(gt=0)
    uploads: float = Field(gt=0)


class Painting(BaseModel):
    """The page on which people paint masks: where it listens, and by which address their browsers reach it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=8086, ge=0, le=65_535)
    public_url: str | None = Field(default=None, pattern=r"^https?://[^?#]+$")  #: None: for browsers of this machine

    @model_validator(mode="after")
    def _others_find_it(self) -> Self:
        if self.host not in LOOPBACK and self.public_url is None:
            raise ValueError("public_url is missing: the address by which people's browsers reach the page")
        return self


class Observing(BaseModel):
    """Where monitoring finds /metrics and /health."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=9108, ge=0, le=65_535)


class Ray(BaseModel):
    """The cluster that draws, where it is not this machine alone; `namespace` keeps one bot's workers from another's.

    `address` is "auto" for the cluster that this machine is in, host:port for its head, or "local" for one of the
    bot's own, which ends with it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: str = Field(default="auto", pattern=r"^(auto|local|[^/:]+:\d+)$")
    namespace: str = Field(default="imagine", min_length=1)


class Endpoints(BaseModel):
    """Where a Discord-compatible server answers, if not Discord itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rest: str
    gateway: str
    cdn: str


class Settings(BaseSettings):
    """Everything an operator can set."""

    model_config = SettingsConfigDict(
        env_prefix="IMAGINE_", env_nested_delimiter="__", frozen=True, extra="forbid", populate_by_name=True
    )

    discord_token: SecretStr | None = Field(default=None, validation_alias="DISCORD_TOKEN")
    discord: Endpoints | None = None
    shards: int | None = Field(default=None, ge=1)  #: None: as many as Discord recommends
    key: SecretStr | None = Field(default=None, min_length=16)
    logs: LogStyle = LogStyle.TEXT
    data: Path
    database: str
    pictures: str
    standby: bool = False
    models: Path
    policy: Path
    checkpoint: str
    checkpoints: tuple[str, ...] = Field(min_length=1)
    upscalers: tuple[str, ...] = ()
    captioner: str | None = None
    segmenter: str | None = None
    devices: tuple[str, ...]
    executor: Literal["local", "ray"] = "local"
    ray: Ray = Ray()
    low_memory: bool | None = None
    watermark: Literal["dwtDctSvd", "dwtDct"] = "dwtDctSvd"
    limits: Limits
    roles: tuple[Role, ...] = ()
    fairness: Fairness
    times: Times
    review: Review = Review()
    credentials: Credentials = Credentials()
    retention: Retention
    painting: Painting | None = None
    observing: Observing | None = None

    @model_validator(mode="after")
    def _default_is_offered(self) -> Self:
        if self.checkpoint not in self.checkpoints:
            raise ValueError(f'checkpoint "{self.checkpoint}" is not among checkpoints {list(self.checkpoints)}')
        return self

    @model_validator(mode="after")
    def _standby_shares_its_database(self) -> Self:
        if self.standby and not self.database.startswith("postgresql"):
            raise ValueError("standby: two machines share a PostgreSQL database, and this one is none; set database")
        return self

    @field_validator("pictures")
    @classmethod
    def _kept_in_a_known_place(cls, pictures: str) -> str:
        bucket = pictures.removeprefix(S3).partition("/")[0]
        if "://" in pictures and not (pictures.startswith(S3) and bucket):
            raise ValueError(f"neither the path of a folder nor {S3}bucket/prefix")
        return pictures

    @property
    def painting_page(self) -> Painting | None:
        """The page on which masks are painted; a bot that serves itself has one without being told."""
        return Painting(port=0) if self.painting is None and self.discord_token is None else self.painting

    @property
    def database_url(self) -> str:
        """The database's address with the data folder filled in."""
        return self.database.replace("{data}", str(self.data))

    @property
    def pictures_address(self) -> str:
        """The path of the pictures' folder, or s3://bucket/prefix."""
        address = self.pictures.replace("{data}", str(self.data))
        return address if address.startswith(S3) else str(ROOT / address)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over imagine.toml, and both over the defaults."""
        files = (TomlConfigSettingsSource(settings_cls, path) for path in (ROOT / "imagine.toml", DEFAULTS))
        return init_settings, env_settings, *files


def load_settings(**overrides: Any) -> Settings:
    """Return the settings, paths made absolute. Raises ConfigError that lists every problem at once."""
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        raise ConfigError(describe(error)) from None
    paths = {name: (ROOT / getattr(settings, name)).resolve() for name in ("data", "models", "policy")}
    return settings.model_copy(update=paths)


def describe(error: ValidationError) -> str:
    """Return one line per problem, naming the setting and never its value: it may be a secret."""
    return "\n".join(f"{'.'.join(map(str, item['loc'])) or 'settings'}: {item['msg']}" for item in error.errors())
