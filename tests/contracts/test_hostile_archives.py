"""Promise: a file that is not as Scoreline wrote it is refused with a sentence, before its graph is parsed."""

import hashlib
import io
import json
import os
import pickle
import struct
import zipfile

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from tests.artifacts import tiny_artifact

from scoreline.core.errors import ArtifactRefused, BadSetting, NotFound
from scoreline.scoring.archive import LARGEST_BYTES, archive_bytes, canonical, content_id, read_archive
from scoreline.scoring.container import directory, pack
from scoreline.scoring.pipeline import load


@pytest.fixture
def whole(tmp_path):
    tiny_artifact(tmp_path / "credit.scoreline")
    return (tmp_path / "credit.scoreline").read_bytes()


def members_of(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def signed_again(members, **changes):
    """What an attacker can do: change anything, and make every digest and the id fit again."""
    document = json.loads(members["manifest.json"]) | changes
    rest = {name: data for name, data in members.items() if name != "manifest.json"}
    if "members" not in changes:
        document["members"] = {name: "sha256:" + hashlib.sha256(data).hexdigest() for name, data in rest.items()}
    document["id"] = content_id(document)
    return pack({"manifest.json": canonical(document)} | rest)


def zipped(members, method=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return file.getvalue()


def refusal(data):
    with pytest.raises(ArtifactRefused) as caught:
        load(data)
    return str(caught.value)


def test_the_whole_file_is_taken_and_so_is_one_signed_again(whole):
    assert load(whole).manifest.id == load(signed_again(members_of(whole))).manifest.id


def test_another_kind_of_file(tmp_path):
    assert "not a scoring pipeline" in refusal(b"")
    assert "not a scoring pipeline" in refusal(pickle.dumps({"a": 1}))
    assert "not a scoring pipeline" in refusal(b"\x7fELF" + b"\0" * 1000)
    with pytest.raises(NotFound, match=r"none\.scoreline: No such file"):
        load(tmp_path / "none.scoreline")
    with pytest.raises(NotFound, match="Is a directory"):
        load(tmp_path)


def test_a_file_refused_is_named(tmp_path):
    (tmp_path / "x.scoreline").write_bytes(b"junk")
    with pytest.raises(ArtifactRefused, match=r"^x\.scoreline: not a scoring pipeline"):
        load(tmp_path / "x.scoreline")


def test_a_truncated_file_wherever_it_ends(whole):
    for end in [*range(1, 200), *range(200, len(whole), 97), len(whole) - 1]:
        assert "refused" not in refusal(whole[:end])


def test_every_single_changed_byte(whole):
    for at in [*range(40), *range(40, len(whole), 41), *range(len(whole) - 300, len(whole))]:
        changed = bytearray(whole)
        changed[at] ^= 0x41
        assert refusal(bytes(changed))


def test_data_before_and_after(whole):
    assert "does not begin as a zip" in refusal(b"#!/bin/sh\n" + whole)
    assert "something was added" in refusal(whole + b"trailing")
    assert "something was added" in refusal(whole[:-2] + struct.pack("<H", 5) + b"hello")


def test_data_between_two_members(whole):
    members = directory(whole)
    first_end = members[1].offset
    end = struct.unpack_from("<I", whole, len(whole) - 6)[0]
    moved = bytearray(whole[:first_end] + b"hidden" + whole[first_end:])
    struct.pack_into("<I", moved, len(moved) - 6, end + 6)
    assert "damaged or altered" in refusal(bytes(moved)) or "size" in refusal(bytes(moved))


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/etc/passwd", "C:evil", "..\\evil", "\\evil"])
def test_a_path_out_of_the_archive(whole, name):
    assert "points outside the archive" in refusal(zipped([*members_of(whole).items(), (name, b"x")]))


def test_a_member_that_is_there_twice(whole):
    items = list(members_of(whole).items())
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = zipped([*items, items[1]])
    assert "`pipeline.onnx` is there twice" in refusal(data)


def test_a_link(whole):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members_of(whole).items():
            archive.writestr(name, data)
        link = zipfile.ZipInfo("reference.parquet")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert "`reference.parquet` is a link or a special file" in refusal(file.getvalue())


def test_compressed_members_and_bombs(whole):
    assert "`manifest.json` is compressed" in refusal(zipped(members_of(whole).items(), zipfile.ZIP_DEFLATED))
    bomb = members_of(whole) | {"pipeline.onnx": b"\0" * (64 << 20)}
    data = zipped(bomb.items(), zipfile.ZIP_DEFLATED)
    assert len(data) < 1 << 20
    assert "compressed" in refusal(data)


def test_an_encrypted_member(whole):
    changed = bytearray(whole)
    at = changed.find(b"PK\x01\x02")
    changed[at + 8] |= 1
    assert "`manifest.json` is encrypted" in refusal(bytes(changed))


def test_a_declared_size_that_is_not_there(whole):
    changed = bytearray(whole)
    at = changed.find(b"PK\x01\x02", changed.find(b"PK\x01\x02") + 4)
    struct.pack_into("<II", changed, at + 20, 0x7FFFFFFF, 0x7FFFFFFF)
    assert "more" in refusal(bytes(changed)) or "size" in refusal(bytes(changed))


def test_a_member_larger_than_is_read(whole):
    members = members_of(whole) | {"sample.json": b" " * (LARGEST_BYTES["sample.json"] + 1)}
    assert "`sample.json` has 4,194,305 bytes; at most 4,194,304 are read" in refusal(signed_again(members))


def test_thousands_of_members(whole):
    assert "at most 64" in refusal(zipped([(str(i), b"") for i in range(1000)]))


def test_overlapping_members(whole):
    """One stretch of bytes that two entries of the directory point to."""
    first, *_ = directory(whole)
    changed = bytearray(whole)
    at = changed.find(b"PK\x01\x02", changed.find(b"PK\x01\x02") + 4)
    struct.pack_into("<I", changed, at + 42, first.offset)
    assert refusal(bytes(changed))


def test_an_unknown_member_and_a_pickle(whole):
    members = members_of(whole) | {"model.pkl": pickle.dumps({"a": 1})}
    assert "unknown member `model.pkl`" in refusal(signed_again(members))
    assert "code and pickles are never loaded" in refusal(signed_again(members))


@pytest.mark.parametrize("name", ["pipeline.onnx", "sample.json", "reference.parquet"])
def test_a_pickle_under_an_honest_name(whole, name):
    class Evil:
        def __reduce__(self):
            return os._exit, (66,)

    members = members_of(whole) | {name: pickle.dumps(Evil())}
    assert name in refusal(signed_again(members))


@pytest.mark.parametrize("name", ["manifest.json", "pipeline.onnx", "sample.json"])
def test_a_member_that_is_missing(whole, name):
    members = members_of(whole)
    del members[name]
    assert f"`{name}` is missing" in refusal(pack(members))


def test_a_tampered_member(whole):
    members = members_of(whole)
    graph = bytearray(members["pipeline.onnx"])
    graph[-20] ^= 1
    assert "`pipeline.onnx` is not the one" in refusal(pack(members | {"pipeline.onnx": bytes(graph)}))
    assert "`reference.parquet` is not the one" in refusal(pack(members | {"reference.parquet": b"PAR1PAR1"}))


def test_a_tampered_manifest(whole):
    members = members_of(whole)
    altered = members["manifest.json"].replace(b'"target":"risk"', b'"target":"luck"')
    assert altered != members["manifest.json"]
    assert "its id does not match" in refusal(pack(members | {"manifest.json": altered}))


def test_a_manifest_that_says_a_thing_twice(whole):
    """Two readers could take different ones."""
    members = members_of(whole)
    twice = members["manifest.json"].replace(b'"target":', b'"target":"other","target":')
    assert "its id does not match" in refusal(pack(members | {"manifest.json": twice}))


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b"\xff", b"not json", b"[" * 200_000, b'{"format_version":"1"}'])
def test_a_manifest_that_is_none(whole, text):
    assert "manifest" in refusal(pack(members_of(whole) | {"manifest.json": text}))


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": {"columns": [{"name": "age", "type": "decimal"}]}},
        {"schema": None},
        {"labels": "good"},
        {"task": "ranking"},
        {"parity": {}},
        {"name": 5},
    ],
)
def test_a_manifest_of_the_wrong_shape(whole, changes):
    assert "manifest.json is not of the shape of format 1" in refusal(signed_again(members_of(whole), **changes))


def test_a_future_format(whole):
    members = members_of(whole) | {"hologram.bin": b"from the future"}
    sentence = refusal(signed_again(members, format_version=2, schema="another"))
    assert "made by a newer Scoreline: format version 2, and this one reads up to 1" in sentence
    assert "upgrade scoreline" in sentence


def test_a_format_before_the_first(whole):
    assert "format version 0" in refusal(signed_again(members_of(whole), format_version=0))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"labels": ["good"]}, "do not fit the task"),
        ({"labels": ["good", "good"]}, "do not fit the task"),
        ({"task": "regression", "labels": []}, "outputs"),
        ({"outputs": []}, "outputs are not those"),
        ({"schema": {"columns": []}}, "no column"),
        ({"schema": {"columns": [{"name": "age", "type": "number"}] * 2}}, "one twice"),
        ({"schema": {"columns": [{"name": "age", "type": "number"}]}}, "takes 2 numbers and 1 texts"),
    ],
)
def test_a_manifest_that_does_not_fit_its_graph(whole, changes, sentence):
    assert sentence in refusal(signed_again(members_of(whole), **changes))


def graph_of(nodes, inputs, outputs, constants=(), domains=(("", 19),)):
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(name, kind, shape) for name, kind, shape in inputs],
        [helper.make_tensor_value_info(name, kind, shape) for name, kind, shape in outputs],
        list(constants),
    )
    opsets = [helper.make_opsetid(domain, version) for domain, version in domains]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString()


NUMBERS = ("numbers", TensorProto.DOUBLE, [None, 2])
ANSWER = ("probability", TensorProto.FLOAT, [None, 2])


def with_graph(whole, graph):
    return signed_again(members_of(whole) | {"pipeline.onnx": graph})


def external(name, shape):
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape, data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="secret.bin")
    return tensor


def test_a_graph_with_data_in_another_file(whole, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.zeros(4, np.float32).tofile("secret.bin")
    nodes = [
        helper.make_node("Cast", ["numbers"], ["n"], to=TensorProto.FLOAT),
        helper.make_node("MatMul", ["n", "secret"], ["probability"]),
    ]
    initializer = graph_of(nodes, [NUMBERS], [ANSWER], [external("secret", [2, 2])])
    assert "keeps data in another file" in refusal(with_graph(whole, initializer))
    nodes.insert(0, helper.make_node("Constant", [], ["secret"], value=external("", [2, 2])))
    attribute = graph_of(nodes, [NUMBERS], [ANSWER])
    assert "keeps data in another file" in refusal(with_graph(whole, attribute))


def test_a_graph_within_a_graph_with_data_in_another_file(whole):
    inner = helper.make_graph(
        [helper.make_node("Identity", ["secret"], ["out"])],
        "inner",
        [],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [2, 2])],
        [external("secret", [2, 2])],
    )
    nodes = [helper.make_node("If", ["yes"], ["probability"], then_branch=inner, else_branch=inner)]
    graph = graph_of(nodes, [NUMBERS], [ANSWER], [numpy_helper.from_array(np.array(True), "yes")])
    assert "keeps data in another file" in refusal(with_graph(whole, graph))


@pytest.mark.parametrize("domain", ["com.microsoft", "com.evil", "ai.onnx.contrib"])
def test_a_graph_with_operators_from_elsewhere(whole, domain):
    nodes = [helper.make_node("Run", ["numbers"], ["probability"], domain=domain)]
    graph = graph_of(nodes, [NUMBERS], [ANSWER], domains=[("", 19), (domain, 1)])
    assert f"uses operators of `{domain}`" in refusal(with_graph(whole, graph))


@pytest.mark.parametrize(
    ("inputs", "outputs", "sentence"),
    [
        ([("x", TensorProto.DOUBLE, [None, 2])], [ANSWER], "found `x`"),
        ([("numbers", TensorProto.FLOAT, [None, 2])], [ANSWER], "input `numbers` tensor(double)"),
        ([("numbers", TensorProto.DOUBLE, [2])], [ANSWER], "input `numbers` tensor(double)"),
        ([("numbers", TensorProto.DOUBLE, [None, "k"])], [ANSWER], "input `numbers` tensor(double)"),
        ([NUMBERS], [("scores", TensorProto.FLOAT, [None, 2])], "expected `probability` float or `prediction` double"),
        ([NUMBERS], [("probability", TensorProto.DOUBLE, [None, 2])], "expected `probability` float"),
        ([NUMBERS], [ANSWER], "takes 2 numbers and 0 texts"),
    ],
)
def test_a_graph_with_other_inputs_or_outputs(whole, inputs, outputs, sentence):
    nodes = [helper.make_node("Cast", [inputs[0][0]], [outputs[0][0]], to=outputs[0][1])]
    assert sentence in refusal(with_graph(whole, graph_of(nodes, inputs, outputs)))


def test_bytes_that_are_no_graph(whole):
    graph = members_of(whole)["pipeline.onnx"]
    for wrong in (b"", b"\0" * 100, b"x" * 1000, graph[:-7], graph[: len(graph) // 2]):
        assert "pipeline.onnx" in refusal(with_graph(whole, wrong))


@pytest.mark.parametrize(
    "sample",
    [
        b"{}",
        b"[]",
        b'{"rows": [], "scores": []}',
        b'{"rows": [{"age": 1}], "scores": []}',
        b'{"rows": [{"age": 1}], "scores": [[0.5]]}',
    ],
)
def test_a_sample_of_the_wrong_shape(whole, sample):
    assert "sample.json" in refusal(signed_again(members_of(whole) | {"sample.json": sample}))


def test_a_sample_that_scores_differently(whole):
    members = members_of(whole)
    sample = json.loads(members["sample.json"])
    sample["scores"][1][0] += 2e-5
    data = signed_again(members | {"sample.json": json.dumps(sample).encode()})
    assert "the self-test failed: sample row 2 scored" in refusal(data)
    assert load(data, verify=False).manifest.name == "credit"


def test_a_signature_may_be_added_without_another_id(whole):
    members = members_of(whole)
    signed = pack(members | {"signature": b"signed by somebody"})
    assert read_archive(signed)[0].id == read_archive(whole)[0].id
    assert read_archive(signed)[1]["signature"] == b"signed by somebody"


def test_the_writer_writes_nothing_that_the_reader_refuses(whole):
    manifest, members = read_archive(whole)
    rest = {name: data for name, data in members.items() if name != "manifest.json"}
    for wrong in (rest | {"model.pkl": b""}, rest | {"manifest.json": b"{}"}, rest | {"signature": b"x" * 100_000}):
        with pytest.raises(BadSetting, match="cannot be written"):
            archive_bytes(manifest, wrong)
    del rest["sample.json"]
    with pytest.raises(BadSetting, match=r"`sample\.json` is missing"):
        archive_bytes(manifest, rest)
