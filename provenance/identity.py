"""Who signs content credentials: a key and its certificates, the operator's own or made once by the bot."""

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from config.settings import ConfigError, Settings

YEARS = 10
NAME = "imagine-bot"


class WrongIdentity(ValueError):
    """A key and certificates that cannot sign; the text says why, for the operator."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A private key (ECDSA on P-256) and its certificates, the signer's own first; both as PEM text."""

    certificates: str
    key: str = field(repr=False)

    @property
    def serial(self) -> str:
        """The number of the signer's certificate, in decimal."""
        return str(x509.load_pem_x509_certificates(self.certificates.encode())[0].serial_number)

    def check(self, now: datetime) -> None:
        """Raise WrongIdentity where the two do not belong together, or the certificate is not in force."""
        try:
            key = serialization.load_pem_private_key(self.key.encode(), None)
            certificate = x509.load_pem_x509_certificates(self.certificates.encode())[0]
        except (ValueError, TypeError, IndexError, UnsupportedAlgorithm) as error:
            raise WrongIdentity(f"key or certificate is no PEM text without a password: {error}") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise WrongIdentity("the key is none of ECDSA on P-256")
        if certificate.public_key() != key.public_key():
            raise WrongIdentity("the first certificate is of another key")
        if not certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc:
            raise WrongIdentity(f"the certificate is in force until {certificate.not_valid_after_utc:%Y-%m-%d} only")


def load_identity(settings: Settings) -> Identity:
    """Return who signs here: the operator's identity, else one that is made once and kept in the data folder.

    Raises ConfigError where it cannot sign, or others may read its key.
    """
    own = settings.credentials
    made = settings.data / "credentials"
    certificates, key = own.certificates or made / "certificates.pem", own.key or made / "key.pem"
    if own.key is None and not key.exists():
        _keep(make_identity(today()), certificates, key)
    try:
        if key.stat().st_mode & 0o077:
            raise ConfigError(f"{key}: others may read this key; take their rights away (chmod 600)")
        identity = Identity(certificates.read_text("ascii"), key.read_text("ascii"))
        identity.check(today())
    except (OSError, WrongIdentity, UnicodeDecodeError) as error:
        raise ConfigError(f"credentials: {key} and {certificates} cannot sign: {error}") from None
    return identity


def _keep(identity: Identity, certificates: Path, key: Path) -> None:
    """Write an identity, the key last: one without its certificates would be of no use."""
    key.parent.mkdir(parents=True, exist_ok=True)
    certificates.write_text(identity.certificates, "ascii")
    handle = os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(identity.key)


def make_identity(now: datetime) -> Identity:
    """Return a new key with a certificate of an authority that is made for it, and forgotten.

    It has the fields that the C2PA specification 2.2 (14.5.1) asks for. Nobody trusts the authority; what it signs is
    known to be unchanged, and by whom only to those who know the certificate.
    """
    authority, signer = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _certificate(authority, f"{NAME} authority", authority, f"{NAME} authority", now, signs=True)
    leaf = _certificate(signer, NAME, authority, f"{NAME} authority", now, signs=False)
    key = signer.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    chain = "".join(each.public_bytes(serialization.Encoding.PEM).decode() for each in (leaf, root))
    return Identity(chain, key.decode())


def _certificate(
    key: ec.EllipticCurvePrivateKey,
    name: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    issuer: str,
    now: datetime,
    *,
    signs: bool,
) -> x509.Certificate:
    """Return a certificate; one that `signs` is an authority's, others are for signing documents."""
    usage = x509.KeyUsage(not signs, False, False, False, False, signs, signs, False, False)
    builder = (
        x509.CertificateBuilder(_named(issuer), _named(name), key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365 * YEARS))
        .add_extension(x509.BasicConstraints(ca=signs, path_length=0 if signs else None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if not signs:
        purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        builder = builder.add_extension(purposes, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _named(name: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, NAME), x509.NameAttribute(NameOID.COMMON_NAME, name)]
    )


def today() -> datetime:
    """Return this moment."""
    return datetime.now(UTC)
