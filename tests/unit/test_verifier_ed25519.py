"""The verifier's own Ed25519 is RFC 8032, strictly."""

import hashlib

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.dsse import SMALL_ORDER_KEYS
from tests.package_builders import Key, verifier

L = 2**252 + 27742317777372353535851937790883648493
P = 2**255 - 19

# RFC 8032, 7.1: TEST 1, 2, 3 and SHA(abc): public key, message, signature
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        "387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
        "4a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        hashlib.sha512(b"abc").hexdigest(),
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e030"
        "3dca179c138ac17ad9bef1177331a704",
    ),
]


def is_valid(public: bytes, message: bytes, signature: bytes) -> bool:
    return bool(verifier().is_valid(public, message, signature))


def openssl_says(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@pytest.mark.parametrize(("public", "message", "signature"), VECTORS)
def test_the_vectors_of_the_standard_are_valid(public, message, signature):
    assert is_valid(bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature))


@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=200))
@settings(max_examples=60)
def test_what_others_sign_is_valid(seed, message):
    key = Ed25519PrivateKey.from_private_bytes(seed)

    assert is_valid(key.public_key().public_bytes_raw(), message, key.sign(message))


@given(words=st.sampled_from(["a", "b", "c"]), message=st.binary(max_size=80), bit=st.integers(0, 511))
@settings(max_examples=200)
def test_no_signature_survives_a_flipped_bit(words, message, bit):
    key = Key(words)
    signature = bytearray(key.sign(message))
    signature[bit // 8] ^= 1 << bit % 8

    assert (
        is_valid(key.public, message, bytes(signature)) is openssl_says(key.public, message, bytes(signature)) is False
    )


@given(words=st.sampled_from(["a", "b", "c"]), message=st.binary(max_size=80), bit=st.integers(0, 255))
@settings(max_examples=60)
def test_no_signature_holds_under_a_key_with_a_flipped_bit(words, message, bit):
    key = Key(words)
    public = bytearray(key.public)
    public[bit // 8] ^= 1 << bit % 8

    assert is_valid(bytes(public), message, key.sign(message)) is False


@given(public=st.binary(min_size=32, max_size=32), signature=st.binary(min_size=64, max_size=64))
@settings(max_examples=60)
def test_rubbish_is_never_valid(public, signature):
    assert is_valid(public, b"rubbish", signature) is False


@pytest.mark.parametrize("times", range(1, 16))
def test_s_of_the_group_order_or_more_is_refused(times):
    key = Key("a")
    signature = key.sign(b"m")
    s = int.from_bytes(signature[32:], "little") + times * L
    if s >= 2**256:
        return

    assert not is_valid(key.public, b"m", signature[:32] + s.to_bytes(32, "little"))


@pytest.mark.parametrize("length", [0, 31, 32, 63, 65, 128])
def test_a_signature_has_64_bytes(length):
    key = Key("a")

    assert not is_valid(key.public, b"m", (key.sign(b"m") * 2)[:length])


@pytest.mark.parametrize("public", sorted(SMALL_ORDER_KEYS), ids=bytes.hex)
def test_nothing_is_valid_under_a_key_of_small_order(public):
    neutral = (1).to_bytes(32, "little")

    assert verifier().usable_key(public) is None
    for message in (b"", b"m", b"n", b"o", b"p", b"q", b"r", b"s"):  # one in eight would hold where it is not refused
        assert not is_valid(public, message, neutral + bytes(32))


def test_a_key_has_one_encoding():
    """y and y + p are the same number; the second encoding is refused, for all the y that have one."""
    two = 0
    for y in range(19):
        for sign in (0, 1 << 255):
            if verifier().usable_key((y | sign).to_bytes(32, "little")) is not None:
                two += 1
                assert verifier().usable_key((y + P | sign).to_bytes(32, "little")) is None

    assert two


def test_minus_zero_is_no_point():
    """x = 0 has no sign: y = 1 and y = -1 with the sign bit are refused as points, not only as keys."""
    for y in (1, P - 1):
        assert verifier().decoded(y.to_bytes(32, "little")) is not None
        assert verifier().decoded((y | 1 << 255).to_bytes(32, "little")) is None


@pytest.mark.parametrize(
    ("r", "valid"),
    [(1, True), (1 + P, False), (1 | 1 << 255, False)],
    ids=["its one encoding", "y + p", "minus zero"],
)
def test_r_has_one_encoding(r, valid):
    """Who signs with a nonce of 0 has the neutral point as R; its other encodings are refused."""
    seed = hashlib.sha256(b"a").digest()
    spread = bytearray(hashlib.sha512(seed).digest()[:32])
    spread[0] &= 248
    spread[31] = spread[31] & 127 | 64
    secret = int.from_bytes(spread, "little")
    public, encoded = Key("a").public, r.to_bytes(32, "little")
    k = int.from_bytes(hashlib.sha512(encoded + public + b"m").digest(), "little")

    assert is_valid(public, b"m", encoded + (k * secret % L).to_bytes(32, "little")) is valid


def test_the_base_point_has_the_order_of_the_group():
    own = verifier()
    total = own.NEUTRAL
    for row, digit in zip(own.base_multiples(), f"{L:064x}"[::-1], strict=True):
        total = own.plus(total, row[int(digit, 16)])

    assert own.encoded(total) == (1).to_bytes(32, "little")
