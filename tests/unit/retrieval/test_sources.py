"""Behind addresses: objects of buckets, articles, and answers that are none."""

import pytest

from repalign.errors import RepalignError
from repalign.retrieval.network import Network
from repalign.retrieval.plan import Wanted
from repalign.retrieval.s3 import list_objects
from repalign.retrieval.sources import Finder

from .conftest import QUICK
from .servers import NAMESPACE, md5_of

KEYS = ["a/b.txt", "a/ü & <c>.txt", "a/sub/d.txt", "a/sub/e+f.txt", "ab.txt", "z.txt"]


@pytest.fixture
def bucket(server):
    for k, key in enumerate(KEYS):
        server.put(f"/s3/open.data/{key}", f"content {k}".encode())
    return server


def wanted(source, kind="files", target="data", **known):
    return Wanted("thing", kind, source, target, known.get("size"), known.get("checksum"))


def found(network, source, **others):
    return list(Finder(network).find(wanted(source, **others)))


@pytest.mark.parametrize("page_size", [1, 2, 5, 1000])
def test_all_pages_of_a_list_are_read(bucket, network, page_size):
    bucket.page_size = page_size
    listed = list(list_objects(network, "open.data", ""))
    assert [item.key for item in listed] == sorted(KEYS)
    assert listed[0].size == len(b"content 0")
    assert listed[0].etag == md5_of(b"content 0")


def test_a_prefix_is_all_that_keys_start_with(bucket, network):
    keys = [item.key for item in list_objects(network, "open.data", "a/")]
    assert keys == sorted(key for key in KEYS if key.startswith("a/"))


def test_an_object_is_asked_for_its_size_and_etag(bucket, network):
    (file,) = found(network, "s3://open.data/a/ü & <c>.txt", kind="file", target="x/y.txt")
    assert (file.path, file.size) == ("x/y.txt", len(b"content 1"))
    assert file.etag == md5_of(b"content 1")


def test_a_star_does_not_cross_folders(bucket, network):
    files = found(network, "s3://open.data/./a/*.txt")
    assert [file.path for file in files] == ["data/a/b.txt", "data/a/ü & <c>.txt"]
    files = found(network, "s3://open.data/a/./*/d.txt")
    assert [file.path for file in files] == ["data/sub/d.txt"]


def test_folders_of_consoles_are_no_files(bucket, network):
    bucket.put("/s3/open.data/empty/", b"")
    bucket.put("/s3/open.data/empty/x", b"1")
    assert [file.path for file in found(network, "s3://open.data/./empty/*")] == ["data/empty/x"]


def test_one_file_must_be_one(bucket, network):
    (file,) = found(network, "s3://open.data/a/*/d.txt", kind="file", target="d")
    assert file.source == "s3://open.data/a/sub/d.txt"
    with pytest.raises(RepalignError, match="2 files"):
        found(network, "s3://open.data/a/*/*.txt", kind="file")
    with pytest.raises(RepalignError, match="nothing that matches"):
        found(network, "s3://open.data/a/*.csv", kind="file")
    with pytest.raises(RepalignError, match="no such file"):
        found(network, "s3://open.data/none", kind="file")


def test_the_region_of_a_bucket_is_learnt(bucket):
    bucket.region = "us-east-2"
    for key in KEYS:
        content = bucket.files[f"/s3/open.data/{key}"].content
        bucket.put(f"/s3/us-east-2/open.data/{key}", content)
    network = Network({"s3://": f"{bucket.url}/s3/{{region}}"}, QUICK)
    (file,) = found(network, "s3://open.data/z.txt", kind="file")
    assert file.size == len(b"content 5")
    assert network.url("s3://open.data/z.txt").endswith("/us-east-2/open.data/z.txt")


def test_regions_that_send_to_each_other_are_no_circle(server):
    for here, there in (("us-east-1", "eu-west-1"), ("eu-west-1", "us-east-1")):
        moved = ("status", (301, {"x-amz-bucket-region": there}))
        server.put(f"/s3/{here}/open.data/z.txt", b"", always=moved)
    network = Network({"s3://": f"{server.url}/s3/{{region}}"}, QUICK)
    with pytest.raises(RepalignError, match="answer 301"):
        network.once("GET", "s3://open.data/z.txt")
    assert len(server.requests) == 2


def test_a_region_that_another_request_learnt_meanwhile_is_asked(bucket):
    """Two requests are under way when the first of their answers names the region."""
    bucket.region = "us-east-2"
    bucket.put("/s3/us-east-2/open.data/z.txt", b"content")
    network = Network({"s3://": f"{bucket.url}/s3/{{region}}"}, QUICK)
    send = network._send

    def late(method, url, *others):
        answer = send(method, url, *others)
        network._regions["open.data"] = "us-east-2"
        return answer

    network._send = late
    assert network.headers("s3://open.data/z.txt")["Content-Length"] == "7"


def test_the_default_address_is_that_of_the_region():
    network = Network({}, QUICK)
    assert network.url("s3://openneuro.org/ds1/a b.tsv") == (
        "https://s3.us-east-1.amazonaws.com/openneuro.org/ds1/a%20b.tsv"
    )
    assert network.url("figshare://12/files") == "https://api.figshare.com/v2/articles/12/files"
    assert network.url("https://host/x%20y?dl=1") == "https://host/x%20y?dl=1"


def test_the_longest_start_of_an_address_counts():
    ours = {"s3://": "http://a", "s3://open.data/": "http://b/c/", "https://host": "http://d"}
    network = Network(ours, QUICK)
    assert network.url("s3://other/x") == "http://a/other/x"
    assert network.url("s3://open.data/x") == "http://b/c/x"
    assert network.url("https://host/x%20y") == "http://d/x%20y"


def page(items="", more="", truncated="false"):
    return (
        f'<ListBucketResult xmlns="{NAMESPACE}"><IsTruncated>{truncated}</IsTruncated>{more}'
        f"{items}</ListBucketResult>"
    ).encode()


ITEM = "<Contents><Key>{}</Key><Size>{}</Size><ETag>x</ETag></Contents>"
BAD_LISTS = {
    "no XML": (b"<html><p>", "no XML"),
    "a page for people": (b"<html></html>", "kind 'html'"),
    "an error": (b"<Error><Code>AccessDenied</Code></Error>", "kind 'Error'"),
    "a document that explodes": (
        b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><ListBucketResult>&c;'
        b"</ListBucketResult>", "declarations"),
    "no size": (page(ITEM.format("a", "")), "size ''"),
    "a negative size": (page(ITEM.format("a", "-1")), "size '-1'"),
    "no key": (page(ITEM.format("", "1")), "key ''"),
    "cut off": (page(truncated="true"), "cut off"),
    "a circle": (
        page(more="<NextContinuationToken>t</NextContinuationToken>", truncated="true"),
        "cut off",
    ),
    "out of it": (page(ITEM.format("a/../../x.txt", "1")), "stays within"),
    "much too long": (b" " * (17 << 20), "16 MiB"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "message"), BAD_LISTS.values(), ids=BAD_LISTS)
def test_answers_that_are_no_list_are_refused(server, network, body, message):
    server.listing = body
    pattern = "s3://open.data/./a/*/*/*.txt" if "stays" in message else "s3://open.data/./*"
    with pytest.raises(RepalignError, match=message):
        found(network, pattern)


def test_figshare_says_size_sum_and_address(server, network):
    server.put_article(77, {"one.gz": b"one", "two.gz": b"two!"})
    (file,) = found(network, "figshare://77/two.gz", kind="file", target="x")
    assert file.size == 4
    assert file.checksum == f"md5:{md5_of(b'two!')}"
    assert file.source == f"{server.url}/download/77/1"


def test_long_articles_have_pages_and_are_listed_once(server, network):
    server.put_article(77, {f"{k:03d}.gz": str(k).encode() for k in range(250)})
    finder = Finder(network)
    for k in (0, 99, 100, 249):
        (file,) = finder.find(wanted(f"figshare://77/{k:03d}.gz", kind="file"))
        assert file.source.endswith(f"/{k}")
    assert len(server.requests) == 3


def test_an_article_whose_files_fill_its_pages_ends(server, network):
    server.put_article(77, {f"{k:03d}.gz": b"x" for k in range(100)})
    assert found(network, "figshare://77/099.gz", kind="file")


@pytest.mark.parametrize(
    ("article", "message"),
    [
        (b"<html>", "html"),
        (b'{"message": "no"}', "message"),
        (b'[{"name": "x"}]', "name"),
        (b'[{"name": "x", "size": 1, "download_url": "file:///x"}]', "download_url"),
        (b"[]", "0 files"),
        (b'[{"name": "y", "size": 1, "download_url": "https://h/1"}]', "0 files.*y"),
        (None, "no such file"),
    ],
)
def test_articles_without_the_file_are_refused(server, network, article, message):
    server.articles["77"] = article
    with pytest.raises(RepalignError, match=message):
        found(network, "figshare://77/x", kind="file")


def test_register_and_publisher_must_agree(server, network):
    server.put_article(77, {"x": b"one"})
    good = f"md5:{md5_of(b'one')}"
    for known in ({"size": 3}, {"checksum": good}, {"checksum": "sha256:" + "0" * 64}):
        assert found(network, "figshare://77/x", kind="file", **known)
    with pytest.raises(RepalignError, match="size 3"):
        found(network, "figshare://77/x", kind="file", size=4)
    with pytest.raises(RepalignError, match="checksum md5"):
        found(network, "figshare://77/x", kind="file", checksum="md5:" + "0" * 32)


def test_plain_addresses_are_taken_as_they_are(network):
    (file,) = found(network, "https://h/x", kind="archive", target="t", size=7)
    assert (file.source, file.path, file.size, file.is_archive) == ("https://h/x", "t", 7, True)
