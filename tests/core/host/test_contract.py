"""Every rule of the contract with pages that break it, and what exactly is said about each."""

from collections.abc import Iterator

import msgspec
import pytest
from tests.pages import LINE, PAGE, changed, declared, page_with

from shopace.core.host.contract import RULES, Finding, Rule, known_to, violations
from shopace.core.host.discovery import load_registry
from shopace.core.vocabulary.channels import SHOP, Channel
from shopace.core.vocabulary.formula import Constant, measure
from shopace.core.vocabulary.measures import Measure, Origin
from shopace.core.vocabulary.metrics import Benchmark, Metric
from shopace.core.vocabulary.plugins import Plugin
from shopace.core.vocabulary.products import product_at_most, product_is
from shopace.core.vocabulary.tasks import Action, Completion
from shopace.core.vocabulary.triggers import at_least, at_most, behind_peers, crosses, declined
from shopace.core.vocabulary.units import Direction, Unit, Window
from shopace.plugins import BUILTIN

RATE, CAUSE, MANUAL = "metric acme.claim_rate", "task acme.find_cause", "task acme.write_manual"
BENCHMARK = "benchmark acme.claim_rate"
Broken = list[tuple[Plugin, Finding]]


def line(**fields: object) -> Plugin:
    """The page with another named line in the condition of its first task."""
    other = msgspec.structs.replace(LINE, **fields)
    return changed(CAUSE, only_if=(at_least("acme.claim_rate", other),))


def also(**fields: object) -> Metric:
    """A second metric, of counts and without a benchmark."""
    metric = Metric(
        key="acme.claims_made",
        title="Claims",
        definition="Claims received.",
        formula=measure("acme.claims"),
        unit=Unit.COUNT,
        direction=Direction.LOWER,
    )
    return msgspec.structs.replace(metric, **fields)


def sold(*, channels: tuple[Channel, ...], **fields: object) -> Metric:
    return also(formula=measure("gmv"), channels=channels, **fields)


CLAIMS = "metric acme.claims_made"
BROKEN: dict[str, Broken] = {
    "Every field has the type that its record declares.": [
        (changed(RATE, unit="rattio"), Finding(RATE, "Invalid enum value 'rattio' - at `$.unit`")),
        (changed(RATE, title=None), Finding(RATE, "Expected `str`, got `null` - at `$.title`")),
        (
            changed(CAUSE, steps="Sort the claims."),
            Finding(CAUSE, "Expected `array`, got `str` - at `$.steps`"),
        ),
        (
            changed(CAUSE, trigger=crosses("points_12"), only_if=(crosses("points_24"),)),
            Finding(CAUSE, "Invalid value 'crosses' - at `$.only_if[0].kind`"),
        ),
        (
            changed("measure acme.claims", max_age_days=10**9),
            Finding("measure acme.claims", "Expected `int` <= 366 - at `$.max_age_days`"),
        ),
        (
            page_with(version=1.0),
            Finding("version", "is no text but of type float", '"1.0", in quotes'),
        ),
        (page_with(title=None), Finding("title", "is no text but None")),
        (
            page_with(LINE),  # type: ignore[arg-type]
            Finding(
                "declares[6]",
                "is no declaration but of type Parameter",
                "it belongs in the task that uses it",
            ),
        ),
    ],
    "The page names itself, its category and its version.": [
        (
            page_with(key="Acme"),
            Finding("key", '"Acme" is not a lower-case name', "letters, digits and _"),
        ),
        (
            page_with(category="product_qualty"),
            Finding(
                "category",
                '"product_qualty" is none of the 17 categories',
                'did you mean "product_quality"?',
            ),
        ),
        (page_with(key="ads"), Finding("key", '"ads" is the name of another category')),
        (
            page_with(key="core"),
            Finding("key", '"core" is the owner of the parameters of the product'),
        ),
        (page_with(version=""), Finding("version", "is empty")),
        (page_with(version="1\x1b[31m"), Finding("version", "holds a control character")),
        (page_with(title=" "), Finding("title", "is empty")),
        (page_with(question="x" * 301), Finding("question", "has 301 characters", "300")),
        (page_with(declares=()), Finding("declares", "is empty")),
    ],
    "Keys are well-formed, unique, and prefixed where they must be.": [
        (page_with(declared(RATE)), Finding(RATE, "is declared 2 times")),
        (
            page_with(declared(BENCHMARK)),
            Finding(BENCHMARK, "is declared 2 times"),
        ),
        (
            page_with(also(key="acme.Claims")),
            Finding("metric acme.Claims", "key is not of the form name or owner.name"),
        ),
        (
            page_with(also(key="claims")),
            Finding("metric claims", "key lacks the plugin's prefix", '"acme.claims"'),
        ),
        (
            page_with(also(key="acmes.claims")),
            Finding("metric acmes.claims", "key lacks the plugin's prefix", '"acme.claims"'),
        ),
        (
            Plugin(
                key="ads",
                category="ads",
                version="1",
                title="Ads",
                question="Do ads pay?",
                declares=(also(key="ads.claims"),),
            ),
            Finding("metric ads.claims", "only third-party plugins prefix this key"),
        ),
    ],
    "Texts are there, short, and free of control characters.": [
        (changed(RATE, definition=" "), Finding(RATE, "definition is empty")),
        (changed(CAUSE, steps=("Look.", "")), Finding(CAUSE, "steps[1] is empty")),
        (changed(CAUSE, benefit=""), Finding(CAUSE, "benefit is empty")),
        (
            changed(CAUSE, action=Action(label="", target="/claims")),
            Finding(CAUSE, "action.label is empty"),
        ),
        (changed(CAUSE, why="x" * 301), Finding(CAUSE, "why has 301 characters", "300")),
        (changed(RATE, title="Claim\nrate"), Finding(RATE, "title holds a control character")),
        (
            changed("measure acme.claims", title="claims\u202e"),
            Finding("measure acme.claims", "title holds a control character"),
        ),
        (
            changed("measure acme.claims", origin=Origin(api="x" * 301)),
            Finding("measure acme.claims", "origin.api has 301 characters", "300"),
        ),
        (
            changed(RATE, source="\ud800"),
            Finding(RATE, "source holds a control character"),
        ),
        (line(title=""), Finding(CAUSE, "only_if[0].line.title is empty")),
        (
            changed(CAUSE, title="find the cause"),
            Finding(CAUSE, "title does not begin with a capital letter"),
        ),
    ],
    "Derived measures come from delivered ones.": [
        (
            changed("measure acme.claims", derived_from=("ordrs",)),
            Finding(
                "measure acme.claims",
                'derived from unknown measure "ordrs"',
                'did you mean "orders"?',
            ),
        ),
        (
            page_with(
                Measure(key="acme.one", title="one", unit=Unit.COUNT, derived_from=("acme.other",)),
                Measure(key="acme.other", title="other", unit=Unit.COUNT, derived_from=("orders",)),
            ),
            Finding("measure acme.one", "derived from acme.other, which is derived itself"),
        ),
    ],
    "Formulas read known measures in channels that have them.": [
        (changed(RATE, formula=Constant(1.0)), Finding(RATE, "formula reads no measure")),
        (
            changed(RATE, formula=measure("acme.claims") / measure("ordres")),
            Finding(RATE, 'formula reads unknown measure "ordres"', 'did you mean "orders"?'),
        ),
        (
            changed(RATE, sample=measure("acme.clams")),
            Finding(
                RATE, 'formula reads unknown measure "acme.clams"', 'did you mean "acme.claims"?'
            ),
        ),
        (
            changed(RATE, formula=measure("acme.claims") / 0),
            Finding(RATE, "formula divides by 0"),
        ),
        (
            changed(RATE, formula=measure("acme.claims") * float("nan") / measure("orders")),
            Finding(RATE, "formula holds nan, which is no number"),
        ),
        (
            changed(RATE, sample=sum([measure("orders")] * 60, start=measure("orders"))),
            Finding(RATE, "formula is nested more than 50 deep"),
        ),
        (
            changed(RATE, channels=(Channel.SELLER_LIVE,)),
            Finding(
                RATE,
                'measure "acme.claims" does not exist in channel seller_live',
                "pin the channel, or drop it",
            ),
        ),
        (
            page_with(also(formula=measure("live_hours", Channel.SHOP_TAB))),
            Finding(
                CLAIMS,
                'measure "live_hours" does not exist in channel shop_tab',
                "pin the channel, or drop it",
            ),
        ),
    ],
    "Metrics can be evaluated and judged.": [
        (changed(RATE, channels=()), Finding(RATE, "channels is empty or repeats itself")),
        (
            changed(RATE, channels=SHOP * 2),
            Finding(RATE, "channels is empty or repeats itself"),
        ),
        (
            changed(RATE, windows=(Window.L7D, Window.L90D)),
            Finding(RATE, "windows must hold L7D and L30D", "every page shows both"),
        ),
        (changed(RATE, min_sample=-1.0), Finding(RATE, "min_sample must be 0 or more")),
        (
            changed(RATE, min_sample=float("nan")),
            Finding(RATE, "min_sample must be 0 or more"),
        ),
        (
            changed(RATE, direction=Direction.NEITHER),
            Finding(RATE, "a key metric needs a direction"),
        ),
        (
            changed(RATE, gmv_factor=True),
            Finding(RATE, "a GMV factor is better when higher"),
        ),
        (
            page_with(also(formula=measure("gmv") * measure("orders"), unit=Unit.RATIO)),
            Finding(CLAIMS, "a ratio needs a denominator"),
        ),
    ],
    "Drivers are known metrics, and nothing drives itself.": [
        (
            page_with(also(direction=Direction.HIGHER, driven_by=("acme.claim_rat",))),
            Finding(
                "metric acme.claims_made",
                'driven by unknown metric "acme.claim_rat"',
                'did you mean "acme.claim_rate"?',
            ),
        ),
        (
            page_with(also(direction=Direction.HIGHER, driven_by=("acme.claim_rate",))),
            Finding(
                "metric acme.claims_made",
                "driven by acme.claim_rate: both must be better when higher",
            ),
        ),
        (
            page_with(also(direction=Direction.HIGHER, driven_by=("acme.claims_made",))),
            Finding("metric acme.claims_made", "drives itself, by way of its drivers"),
        ),
    ],
    "Products behind a metric are told in known words.": [
        (
            changed(RATE, products=(product_is("status", "live", "needs_atention"),)),
            Finding(
                RATE,
                '"needs_atention" is no status of a product',
                'did you mean "needs_attention"?',
            ),
        ),
        (
            changed(RATE, products=(product_is("listing_quality"),)),
            Finding(RATE, "no product has a listing_quality out of none"),
        ),
        (
            changed(RATE, products=(product_at_most("stock", float("inf")),)),
            Finding(RATE, "the line of a product's stock is no number"),
        ),
    ],
    "Benchmarks compare directed metrics.": [
        (
            page_with(Benchmark(metric="acme.claim_rat")),
            Finding(
                "benchmark acme.claim_rat",
                'unknown metric "acme.claim_rat"',
                'did you mean "acme.claim_rate"?',
            ),
        ),
        (
            page_with(also(direction=Direction.NEITHER), Benchmark(metric="acme.claims_made")),
            Finding(
                "benchmark acme.claims_made",
                "a metric without a direction cannot be compared with peers",
            ),
        ),
        (changed(BENCHMARK, top=1.0), Finding(BENCHMARK, "top must be 0.5 or more and below 1")),
        (changed(BENCHMARK, top=0.49), Finding(BENCHMARK, "top must be 0.5 or more and below 1")),
    ],
    "A trigger gives no more than its kind of comparison allows.": [
        (
            changed(CAUSE, trigger=crosses("points_12")),
            Finding(CAUSE, "only risk plugins cross policy lines (P0)"),
        ),
        (
            changed(RATE, is_key=False),
            Finding(CAUSE, "acme.claim_rate is no key metric: its decline makes no card"),
        ),
        (
            changed(MANUAL, channels=(Channel.SHOP, Channel.SHOP_TAB, Channel.SELLER_LIVE)),
            Finding(MANUAL, "acme.claim_rate is not known in seller_live, shop_tab"),
        ),
    ],
    "Triggers and conditions stand on known, judged metrics.": [
        (
            changed(CAUSE, trigger=declined("acme.clam_rate")),
            Finding(CAUSE, 'unknown metric "acme.clam_rate"', 'did you mean "acme.claim_rate"?'),
        ),
        (
            changed(CAUSE, only_if=(at_most("claims", LINE),)),
            Finding(CAUSE, 'unknown metric "claims"'),
        ),
        (
            msgspec.structs.replace(
                changed(MANUAL, trigger=behind_peers("acme.claims_made")),
                declares=(
                    *changed(MANUAL, trigger=behind_peers("acme.claims_made")).declares,
                    also(),
                ),
            ),
            Finding(MANUAL, "acme.claims_made has no benchmark"),
        ),
        (
            msgspec.structs.replace(
                changed(MANUAL, only_if=(declined("acme.claims_made"),)),
                declares=(
                    *changed(MANUAL, only_if=(declined("acme.claims_made"),)).declares,
                    also(direction=Direction.NEITHER),
                ),
            ),
            Finding(MANUAL, "acme.claims_made has no direction and is never judged"),
        ),
    ],
    "Tasks lead somewhere, achieve something, and end.": [
        (
            changed(CAUSE, objective="acme.fewer_claim"),
            Finding(
                CAUSE,
                'unknown objective "acme.fewer_claim"',
                'did you mean "acme.fewer_claims"?',
            ),
        ),
        (changed(CAUSE, steps=()), Finding(CAUSE, "has 0 steps", "1 to 6")),
        (changed(CAUSE, steps=("Look.",) * 7), Finding(CAUSE, "has 7 steps", "1 to 6")),
        (changed(CAUSE, valid_days=0), Finding(CAUSE, "valid_days must be 1 to 90")),
        (changed(CAUSE, valid_days=91), Finding(CAUSE, "valid_days must be 1 to 90")),
        (
            changed(CAUSE, action=Action(label="View", target="https://example.org")),
            Finding(CAUSE, "action.target must be a path that begins with /"),
        ),
        (
            changed(CAUSE, completion=Completion(metric="claims", line=1, unit=Unit.COUNT)),
            Finding(CAUSE, 'unknown metric "claims"'),
        ),
        (
            changed(
                CAUSE,
                completion=Completion(metric="acme.claim_rate", line=float("nan"), unit=Unit.RATIO),
            ),
            Finding(CAUSE, "is done at nan, which is no number"),
        ),
    ],
    "Named lines belong to the plugin and hold their own default.": [
        (
            line(key="other.claims_line"),
            Finding(f"{CAUSE}: other.claims_line", "parameter key lacks the plugin's prefix"),
        ),
        (
            line(maximum=float("inf")),
            Finding(f"{CAUSE}: acme.claims_line", "minimum and maximum must be numbers"),
        ),
        (
            line(default=1.5),
            Finding(f"{CAUSE}: acme.claims_line", "default lies outside 0 … 1"),
        ),
        (
            changed(
                MANUAL,
                only_if=(at_least("acme.claim_rate", msgspec.structs.replace(LINE, default=0.2)),),
            ),
            Finding(f"{MANUAL}: acme.claims_line", "is declared twice, differently"),
        ),
        (
            changed(
                MANUAL,
                completion=Completion(
                    metric="acme.claim_rate",
                    line=msgspec.structs.replace(LINE, default=0.2),
                    unit=Unit.RATIO,
                ),
            ),
            Finding(f"{MANUAL}: acme.claims_line", "is declared twice, differently"),
        ),
    ],
}


def cases() -> Iterator[object]:
    for rule in RULES:
        for number, (page, finding) in enumerate(BROKEN.get(rule.says, [])):
            yield pytest.param(rule, page, finding, id=f"{rule.check.__name__}-{number}")


def test_a_sound_page_keeps_every_rule() -> None:
    assert violations(PAGE, known_to([PAGE])) == []


def test_every_rule_is_broken_by_a_page_here() -> None:
    assert {rule.says for rule in RULES} == set(BROKEN)
    assert all(BROKEN.values())


@pytest.mark.parametrize(("rule", "page", "finding"), [*cases()])
def test_a_broken_page_is_told_exactly_what_is_wrong(
    rule: Rule, page: Plugin, finding: Finding
) -> None:
    assert [*rule.check(page, known_to([page]))] == [finding]
    assert finding in violations(page, known_to([page]))


def test_a_page_with_wrong_types_is_judged_no_further() -> None:
    page = msgspec.structs.replace(changed(RATE, unit="rattio"), version="")
    assert [each.where for each in violations(page, known_to([page]))] == [RATE]


def test_all_that_is_wrong_is_told_together() -> None:
    page = page_with(also(key="claims", title="", channels=()), version="")
    told = {(each.where, each.what) for each in violations(page, known_to([page]))}
    assert told == {
        ("version", "is empty"),
        ("metric claims", "key lacks the plugin's prefix"),
        ("metric claims", "title is empty"),
        ("metric claims", "channels is empty or repeats itself"),
    }


def test_a_group_or_shop_total_exists_where_its_channels_do_and_add_up() -> None:
    page = page_with(
        sold(channels=(Channel.SHOP, Channel.CREATOR_CONTENT, Channel.SELLER_LIVE)),
        also(key="acme.hours", formula=measure("live_hours"), channels=SHOP),
    )
    assert violations(page, known_to([page])) == []
    unique = also(formula=measure("ad_creatives"), channels=(Channel.CREATOR_CONTENT,))
    page = page_with(unique)
    assert [each.what for each in violations(page, known_to([page]))] == [
        'measure "ad_creatives" does not exist in channel creator_content'
    ]


def test_a_condition_pinned_where_its_metric_is_not_known_is_told() -> None:
    pinned = at_least("acme.claim_rate", LINE, Channel.SELLER_LIVE)
    page = changed(CAUSE, only_if=(pinned,))
    assert "acme.claim_rate is not known in seller_live" in [
        each.what for each in violations(page, known_to([page]))
    ]


@pytest.mark.parametrize("name", BUILTIN)
def test_every_shipped_page_keeps_the_contract_beside_the_others(name: str) -> None:
    registry = load_registry(BUILTIN, use_entry_points=False)
    page = registry.plugins[name.rpartition(".")[2]]
    assert violations(page, known_to([*registry.plugins.values()])) == []
