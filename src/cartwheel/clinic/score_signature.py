"""Sign a score and verify the signature: Ed25519 over what the score says, not over its layout."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import tomllib
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cartwheel.clinic.score_spec import ScoreSpec
from cartwheel.errors import FileRefused, Refused, ScoreRefused, refuse
from cartwheel.toml_text import toml_pair

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

SCHEMA = "cartwheel-score-signature/1"
_KEYS = {"schema", "id", "version", "sha256", "public_key", "signature"}


def new_key_pair() -> tuple[bytes, bytes]:
    """Make a pair of keys.

    Returns
    -------
    pair of bytes
        Private (PKCS 8, not encrypted) and public key, both PEM.

    Raises
    ------
    ScoreRefused
        ``no_cryptography``: the extra ``sign`` is not installed.
    """
    serialization, ed25519 = _libraries()
    key = ed25519.Ed25519PrivateKey.generate()
    private: bytes = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public: bytes = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private, public


def sign_score(spec: ScoreSpec, private_key: bytes) -> str:
    """Sign what a score says.

    Parameters
    ----------
    spec : ScoreSpec
        Any score.
    private_key : bytes
        PEM, as `new_key_pair` gives it.

    Returns
    -------
    str
        The signature file (TOML). It stands beside the score; the score is not changed by it.

    Raises
    ------
    ScoreRefused
        ``bad_key``, or ``no_cryptography``.

    Notes
    -----
    Signed are the id, the version and the SHA-256 of the canonical form, so that a file whose
    comments or layout changed still verifies, and one whose digits changed does not.
    """
    key = _private(private_key)
    fields = {
        "schema": SCHEMA,
        "id": spec.id,
        "version": spec.version,
        "sha256": spec.identity,
        "public_key": _fingerprint(key.public_key()),
    }
    signature = base64.b64encode(key.sign(_message(fields))).decode("ascii")
    lines = [toml_pair(name, value) for name, value in (*fields.items(), ("signature", signature))]
    return "\n".join([f"# Signature of the score {spec.id} {spec.version}", *lines]) + "\n"


def verify_score(spec: ScoreSpec, signature: str, public_key: bytes) -> str:
    """Check that a score is the one that the holder of a key signed.

    Parameters
    ----------
    spec : ScoreSpec
        As it was read.
    signature : str
        Text of the signature file.
    public_key : bytes
        PEM; from someone you trust, not from where the score came from.

    Returns
    -------
    str
        Fingerprint of the key.

    Raises
    ------
    ScoreRefused
        ``not_a_signature``, ``wrong_key``, ``changed`` (the score says something else than the
        one signed) or ``bad_signature``.
    """
    key = _public(public_key)
    fields = _read(signature)
    if fields["public_key"] != _fingerprint(key):
        raise _not_verified("wrong_key", "it was signed with another key than this one")
    said = (fields["id"], fields["version"], fields["sha256"])
    if said != (spec.id, spec.version, spec.identity):
        raise _not_verified("changed", "the score is not the one that was signed")
    try:
        key.verify(base64.b64decode(fields["signature"], validate=True), _message(fields))
    except (import_module("cryptography.exceptions").InvalidSignature, binascii.Error, ValueError):
        raise _not_verified("bad_signature", "the signature does not fit the score") from None
    return _fingerprint(key)


def write_key(path: str | os.PathLike[str], private_key: bytes) -> None:
    """Write a private key, readable for its owner alone; a file that is there is never replaced.

    Parameters
    ----------
    path : path
        A new file.
    private_key : bytes
        PEM.

    Raises
    ------
    FileRefused
        If the file is there, or cannot be written.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(private_key)
    except OSError as error:
        what = f"the key was not written ({error.strerror})"
        raise refuse(
            FileRefused, "not_writable", what, where=os.fspath(path), mend="name a new file"
        ) from None


def read_small(path: str | os.PathLike[str]) -> bytes:
    """Read a key or a signature file.

    Parameters
    ----------
    path : path
        At most 64 kB.

    Returns
    -------
    bytes
        Its content.

    Raises
    ------
    FileRefused
        If it cannot be read, or is no such file.
    """
    try:
        if Path(path).stat().st_size <= 65536:
            return Path(path).read_bytes()
    except (OSError, ValueError):
        pass
    raise refuse(
        FileRefused,
        "unreadable",
        "there is no such file, or it is no key or signature",
        where=os.fspath(path)[:60],
        mend="check the name",
    )


def _message(fields: Mapping[str, str]) -> bytes:
    # the schema in front keeps a signature of this kind from being taken for one of another
    return "\n".join(fields[name] for name in ("schema", "id", "version", "sha256")).encode()


def _read(text: str) -> dict[str, str]:
    try:
        fields = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        fields = {}
    if set(fields) != _KEYS or not all(isinstance(each, str) for each in fields.values()):
        raise _not_verified("not_a_signature", "this is no signature of a score")
    if fields["schema"] != SCHEMA:
        raise _not_verified("not_a_signature", "this kind of signature is not known")
    return fields


def _not_verified(code: str, what: str) -> Refused:
    return refuse(
        ScoreRefused, code, f"NOT verified: {what}", mend="do not use the score as the signer's"
    )


def _fingerprint(key: Ed25519PublicKey) -> str:
    return "sha256:" + hashlib.sha256(key.public_bytes_raw()).hexdigest()


def _private(pem: bytes) -> Ed25519PrivateKey:
    serialization, ed25519 = _libraries()
    try:
        key: Ed25519PrivateKey | None = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        key = None
    if key is None or not isinstance(key, ed25519.Ed25519PrivateKey):
        raise _bad_key("private")
    return key


def _public(pem: bytes) -> Ed25519PublicKey:
    serialization, ed25519 = _libraries()
    try:
        key: Ed25519PublicKey | None = serialization.load_pem_public_key(pem)
    except (ValueError, TypeError):
        key = None
    if key is None or not isinstance(key, ed25519.Ed25519PublicKey):
        raise _bad_key("public")
    return key


def _bad_key(kind: str) -> Refused:
    mend = "make a pair with: cartwheel scores keygen NAME"
    return refuse(ScoreRefused, "bad_key", f"this is no {kind} Ed25519 key in PEM", mend=mend)


def _libraries() -> tuple[Any, Any]:
    # an extra: most users read scores, few sign them
    try:
        package = "cryptography.hazmat.primitives"
        serialization = import_module(f"{package}.serialization")
        ed25519 = import_module(f"{package}.asymmetric.ed25519")
    except ImportError:
        raise refuse(
            ScoreRefused,
            "no_cryptography",
            "signatures need the package cryptography",
            mend="install it: pip install 'cartwheel[sign]'",
        ) from None
    return serialization, ed25519
