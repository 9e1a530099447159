"""Artifacts come from s3 as they do from a work tree; skipped where no s3 server is installed."""

from __future__ import annotations

import hashlib

import pytest

from bot.core.errors import Fault
from bot.world.store import Access, Store, digest_of

pytest.importorskip("s3fs", reason="s3fs is not installed")
moto_server = pytest.importorskip("moto.server", reason="moto is not installed")
boto3 = pytest.importorskip("boto3", reason="boto3 is not installed")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # botocore's own clock

MODEL = b"weights " * 1000
DIGEST = f"sha256:{hashlib.sha256(MODEL).hexdigest()}"
ACCOUNT = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}


@pytest.fixture(scope="module")
def endpoint():
    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    client = boto3.client("s3", endpoint_url=address, region_name="us-east-1", **ACCOUNT)
    client.create_bucket(Bucket="models")
    client.put_object(Bucket="models", Key="1.skops", Body=MODEL)
    client.put_object(Bucket="models", Key="m/", Body=b"")
    client.put_object(Bucket="models", Key="m/a", Body=b"1")
    client.put_object(Bucket="models", Key="m/sub/b", Body=b"2")
    yield address
    server.stop()


@pytest.fixture
def fetch(endpoint, tmp_path):
    account = {"key": "test", "secret": "test"}
    options = {"endpoint_url": endpoint, **account, "skip_instance_cache": True}
    store = Store(tmp_path, tmp_path / "cache", Access(options={"s3": options}))

    def call(uri: str, digest: str = DIGEST, max_files: int = 10):
        return store.fetch(uri, digest, max_bytes=100_000, max_files=max_files)

    return call


def test_an_object_is_a_file(fetch):
    assert fetch("s3://models/1.skops").path.read_bytes() == MODEL


def test_a_prefix_is_a_folder(fetch, tmp_path):
    (tmp_path / "m" / "sub").mkdir(parents=True)
    (tmp_path / "m" / "a").write_bytes(b"1")
    (tmp_path / "m" / "sub" / "b").write_bytes(b"2")
    digest = digest_of(tmp_path / "m").digest
    assert fetch("s3://models/m", digest).weight.files == 2
    assert fetch("s3://models/m", digest, max_files=1).fault is Fault.LIMIT_EXCEEDED


@pytest.mark.parametrize("uri", ["s3://models/no", "s3://nobucket/x", "s3://key:pass@models/x"])
def test_what_is_not_there_is_a_reason_without_a_credential(fetch, uri):
    answer = fetch(uri)
    assert answer.fault is Fault.ARTIFACT_UNREACHABLE
    assert "pass" not in answer.reason
