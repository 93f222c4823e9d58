from __future__ import annotations

from pants.testutil.rule_runner import QueryRule

from czex.libzstd import Libzstd, download_argv
from czex.rules_for_tests import flags, options, runner


def argv(**options) -> str:
    return " ".join(
        download_argv(**{"indexes": (), "find_links": (), "certificates": None, **options})
    )


def test_first_index_replaces_pips_default() -> None:
    command = argv(indexes=("https://one.test/simple", "https://two.test/simple"))
    assert (
        "--index-url https://one.test/simple --extra-index-url=https://two.test/simple" in command
    )
    assert "--no-index" not in command


def test_without_an_index_only_find_links_are_searched() -> None:
    command = argv(find_links=("/wheels",))
    assert "--no-index --find-links=/wheels" in command


def test_certificates_are_passed_to_pip() -> None:
    assert "--cert ca.pem download" in argv(certificates="ca.pem")
    assert "--cert" not in argv()


def test_hash_is_required_and_dependencies_are_not_downloaded() -> None:
    assert "--no-deps --no-binary=:all: --no-build-isolation --require-hashes" in argv()


def test_another_release_can_be_set() -> None:
    requirement = (
        "zstandard==0.24.0 "
        "--hash=sha256:fe3198b81c00032326342d973e526803f183f97aa9e9a98e3f897ebafe21178f"
    )
    rule_runner = runner([QueryRule(Libzstd, ())])
    arguments = flags({**options(), "czex-libzstd": {"requirement": requirement}})
    rule_runner.set_options(arguments, env_inherit={"HOME", "PATH"})
    assert rule_runner.request(Libzstd, ()).path == "libzstd/zstandard-0.24.0.tar.gz"
