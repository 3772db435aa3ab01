"""Content Credentials (C2PA): a signed statement inside a file that a model made it.

The key is this machine's own, made at first use. Nobody vouches for it, so readers say "valid, signer unknown": the
file has not been changed since it was signed, and says what made it.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from filelock import FileLock

from media.whole_file import PRIVATE, write_whole
from pipelines.errors import ClipError

SIGNED_SUFFIXES = frozenset({".mp4", ".webp", ".png"})
"""Formats of ours that C2PA defines a place in; a WebM, a GIF or a zip has none."""

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
"""IPTC's term for what a trained model made."""

VALID_FOR = dt.timedelta(days=3650)
"""Of the certificates: a file signed today is still readable in ten years."""

_FILE = "signing.pem"
"""Key and certificates in one file: whoever reads it finds those that fit."""

_CERTIFICATE = b"-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True)
class Credential:
    """A private key and its certificates, the signing one first, both in PEM."""

    key: bytes
    chain: bytes


def credential_in(folder: Path) -> Credential:
    """The credential kept in a folder, made there if there is none; only this user may read the key."""
    file = folder / _FILE
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(folder / "lock"):
            if not file.exists():
                made = _new_credential()
                write_whole(file, made.key + made.chain, PRIVATE)
    key, begin, chain = file.read_bytes().partition(_CERTIFICATE)
    return Credential(key, begin + chain)


def sign(path: Path, credential: Credential, title: str = "", parameters: dict[str, Any] | None = None) -> None:
    """Put a signed manifest into an MP4, WebP or PNG file, in place.

    It says: created by Stillmotion, by a trained model, with these parameters. Raises `ClipError` where it cannot be.
    """
    import c2pa

    info = c2pa.C2paSignerInfo(c2pa.C2paSigningAlg.ES256, credential.chain, credential.key, None)
    signed = BytesIO()
    try:
        with (
            c2pa.Context(c2pa.Settings.from_dict(_WITHOUT_THUMBNAIL)) as context,
            c2pa.Builder(json.dumps(_manifest(title, parameters)), context) as builder,
            c2pa.Signer.from_info(info) as signer,
        ):
            builder.sign(signer, _MEDIA_TYPES[path.suffix], BytesIO(path.read_bytes()), signed)
    except (c2pa.C2paError, KeyError) as error:
        raise ClipError("The Content Credentials could not be put into the file.", "Switch them off.") from error
    path.write_bytes(signed.getvalue())


_WITHOUT_THUMBNAIL = {"builder": {"thumbnail": {"enabled": False}}}
"""The file shows itself: a picture of it inside would make a WebP of 600 kB half as large again and more."""

_MEDIA_TYPES = {".mp4": "video/mp4", ".webp": "image/webp", ".png": "image/png"}


def _manifest(title: str, parameters: dict[str, Any] | None) -> dict[str, Any]:
    created = {"action": "c2pa.created", "digitalSourceType": SOURCE_TYPE} | (
        {"parameters": parameters} if parameters else {}
    )
    return {
        "claim_generator_info": [{"name": "Stillmotion"}],
        "title": title or "A clip made from a still",
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [created]}}],
    }


def _new_credential() -> Credential:
    """An authority of one's own and a signing certificate from it: C2PA refuses certificates that sign themselves."""
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name, name = _name("Stillmotion on this machine (authority)"), _name("Stillmotion on this machine")
    root = (
        _certificate(root_name, root_name, root_key.public_key(), root_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    signing = (
        _certificate(name, root_name, key.public_key(), root_key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Credential(pem, b"".join(each.public_bytes(Encoding.PEM) for each in (signing, root)))


def _name(text: str) -> x509.Name:
    organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Stillmotion")
    return x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, issuer_key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + VALID_FOR)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(authority, critical=False)
    )


def _usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
