from __future__ import annotations

from czex.libzstd import download_argv


def argv(**options) -> str:
    return " ".join(
        download_argv(**{"indexes": (), "find_links": (), "certificates": None, **options})
    )


def test_the_first_index_takes_the_place_of_pips_own() -> None:
    command = argv(indexes=("https://one.test/simple", "https://two.test/simple"))
    assert (
        "--index-url https://one.test/simple --extra-index-url=https://two.test/simple" in command
    )
    assert "--no-index" not in command


def test_without_an_index_only_find_links_are_searched() -> None:
    command = argv(find_links=("/wheels",))
    assert "--no-index --find-links=/wheels" in command


def test_certificates_are_handed_over() -> None:
    assert "--cert ca.pem download" in argv(certificates="ca.pem")
    assert "--cert" not in argv()


def test_nothing_is_fetched_that_the_hash_does_not_cover() -> None:
    assert "--no-deps --no-binary=:all: --no-build-isolation --require-hashes" in argv()
