//! Each order against versions in a known order: those that the tools publish with their own tests, and those of their documentation.

use std::cmp::Ordering;

use stella_versions::{Order, order_of};

/// Each chain ascends; what stands in one text is equal.
fn ascends(order: Order, chain: &[&str]) {
    for (at, left) in chain.iter().enumerate() {
        for (other, right) in chain.iter().enumerate() {
            for (left, right) in left.split(' ').flat_map(|left| right.split(' ').map(move |right| (left, right))) {
                assert_eq!(order.compare(left, right), Some(at.cmp(&other)), "{order:?}: {left} and {right}");
            }
        }
    }
}

fn reads_none(order: Order, texts: &[&str]) {
    for text in texts {
        assert_eq!(order.compare(text, text), None, "{order:?}: {text}");
    }
}

const LONG: &str = "123456789012345678901234567890123456789012345678901234567890";

#[test]
fn semver_orders_by_precedence() {
    ascends(
        Order::SemVer,
        &[
            "0.0.0-0",
            "0 0.0 0.0.0 v0.0.0+incompatible",
            "0.0.1-0.20190101000000-abcdefabcdef",
            "1.0.0-1",
            "1.0.0-2",
            "1.0.0-10 1.0.0-10+b.1",
            "1.0.0-A",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0 1 1.0 v1 V1.0.0 1.0.0+20130313144700 01.00.0",
            "1.0.0.1",
            "2.0.0",
            "2.1.0",
            "2.1.1",
            "2.10.0",
            &format!("{LONG}.0.0-{LONG}"),
            &format!("{LONG}.0.0"),
            &format!("{LONG}1.0.0"),
        ],
    );
    reads_none(
        Order::SemVer,
        &["", "v", "x.y", "1.", ".1", "1..0", "1.0.0-", "1.0.0-a..b", "1.0.0-ä", "1.0.0+", "1.0.0b2", "1.0.0 ", "=1.0.0", "^1.0"],
    );
}

#[test]
fn build_metadata_orders_where_the_ecosystem_has_it_so() {
    ascends(
        Order::SemVerBuild,
        &["1.0.0-dev", "1.0.0-dev+1", "1.0.0 1.0", "1.0.0+1", "1.0.0+2", "1.0.0+10", "1.0.0+a", "1.0.0+a.1", "1.0.1"],
    );
}

#[test]
fn pep440_orders_epochs_phases_posts_developments_and_locals() {
    ascends(
        Order::Pep440,
        &[
            "1.dev0 1.0.dev0 1.0dev 1.0_DEV-0",
            "1.0.dev456",
            "1.0a1.dev1",
            "1.0a1 1.0alpha1 1.0.A.1 1.0-a-1 v1.0a1",
            "1.0a2.dev456",
            "1.0a12.dev456",
            "1.0a12",
            "1.0b1.dev456",
            "1.0b2 1.0_beta_2",
            "1.0b2.post345.dev456",
            "1.0b2.post345 1.0b2-345",
            "1.0rc1.dev456",
            "1.0rc1 1.0c1 1.0pre1 1.0-preview.1",
            "1.0 1 1.0.0 01.0",
            "1.0+abc.5",
            "1.0+abc.7 1.0+ABC-7 1.0+abc_7",
            "1.0+5",
            "1.0+5.0",
            "1.0.post456.dev34",
            "1.0.post456 1.0-456 1.0rev456 1.0-r456",
            "1.1.dev1",
            "1.1",
            "1.10",
            "2013.10",
            &format!("{LONG}.post{LONG}"),
            "1!0.1.dev1",
            "1!1.0",
            "2!0",
        ],
    );
    reads_none(
        Order::Pep440,
        &["", "french toast", "1.0+a+", "1.0++", "1.0+_foobar", "1.0+foo&asd", "1.0+1+1", "2004d", "1.0-x", "!1", "1..0", "1.0a1b1"],
    );
}

#[test]
fn maven_orders_as_comparable_version() {
    ascends(
        Order::Maven,
        &[
            "1-alpha2snapshot",
            "1-alpha2 1-a2 1a2 1.0-ALPHA-2",
            "1-alpha-123",
            "1-beta-2",
            "1-beta123 1b123",
            "1-m2 1-milestone-2",
            "1-m11",
            "1-rc 1-cr",
            "1-rc2 1cr2",
            "1-rc123",
            "1-SNAPSHOT 1.0-snapshot",
            "1 1.0 1.0.0 1-0 1.ga 1-final 1.0.0-RELEASE 1-ga",
            "1-sp",
            "1-sp2",
            "1-sp123",
            "1-abc",
            "1-def",
            "1-pom-1",
            "1-1-snapshot",
            "1-1 1-1.0",
            "1-2",
            "1-123",
            "1.0.1",
            "1.2",
            "1.10",
            "2.0.0.RELEASE 2",
            &format!("{LONG}-alpha"),
            LONG,
        ],
    );
    ascends(Order::Maven, &["2.0-1", "2.0.1-klm", "2.0.1-lmn", "2.0.1-xyz", "2.0.1-123", "2.0.2"]);
    ascends(Order::Maven, &["31.1-android", "31.1-jre", "32.0-android", "32.0.0-jre"]);
    ascends(Order::Maven, &["Finchley.SR1", "Finchley.SR2", "Greenwich", "1"]);
    // Maven's own order goes in a circle here.
    for (left, right) in [("1", "1.foo.2"), ("1.foo.2", "1cr"), ("1cr", "1")] {
        assert_eq!(Order::Maven.compare(left, right), Some(Ordering::Less));
    }
    reads_none(Order::Maven, &["", " ", "1\t2"]);
}

#[test]
fn nuget_orders_four_numbers_and_letters_of_either_case() {
    ascends(
        Order::NuGet,
        &[
            "0.0.1",
            "1.0.0-1",
            "1.0.0-alpha 1.0-ALPHA",
            "1.0.0-alpha.1",
            "1.0.0-Beta 1.0.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-BETA.11",
            "1.0.0-rc.1",
            "1.0.0 1 1.0 1.0.0.0 01.0.0 1.0.0+metadata",
            "1.0.0.1-rc",
            "1.0.0.1",
            "1.0.1",
            "1.2.3.4",
            "1.2.3.10",
        ],
    );
    reads_none(Order::NuGet, &["", "1.0.0.0.0", "1.0.0-", "a.b"]);
}

#[test]
fn rubygems_orders_letters_before_numbers() {
    ascends(
        Order::RubyGems,
        &[
            "0 0.0",
            "1.a",
            "1.0.a.2 1.a.2",
            "1.0.a10",
            "1.0.b1 1.b1",
            "1.0.0-rc1 1.0.0.pre.rc1 1.pre.rc.1",
            "1.0.rc2",
            "1 1.0 1.0.0",
            "1.8.2.a",
            "1.8.2.a9",
            "1.8.2.a10",
            "1.8.2.b",
            "1.8.2 1.8.2.0",
            "1.9.3.1",
            "1.10",
            "2.3.4.5",
            LONG,
        ],
    );
    reads_none(
        Order::RubyGems,
        &["", "junk", "1.3.a+", "1..2", "1.2 3.4", "2.3422222.222.222222222.22222.ads0as.dasd0.ddd2222.2.qd3e.-", "-1"],
    );
}

#[test]
fn packagist_orders_normalized_versions() {
    ascends(
        Order::Packagist,
        &[
            "0.9",
            "1.0-dev 1.0.0.0-dev v1dev",
            "1.0-alpha 1.0.0-a",
            "1.0-alpha1-dev",
            "1.0-alpha1 1.0.0a1 1.0_ALPHA.1",
            "1.0-alpha2.1",
            "1.0-beta 1.0b",
            "1.0-beta3 v1.0.0.0-b3",
            "1.0-beta10",
            "1.0-RC1 1.0.0-rc.1",
            "1 1.0 v1.0.0 1.0.0.0 1.0-stable 1.0+build",
            "1.0-p1 1.0-patch1 1.0.0pl1",
            "1.0.0.1",
            "1.0.10",
            "1.2",
            "1.x-dev 1.*-dev",
            "2.0",
            "2010.1.5",
            "20100102",
        ],
    );
    ascends(Order::Packagist, &["2010-01-02", "2010-01-02-10", "2010-02-01", "2010-10-01"]);
    reads_none(Order::Packagist, &["", "dev-main", "main", "1.0.0-foo", "1.0.0.0.0", "1.0 beta", "1.0.0-SNAPSHOT", "^1"]);
}

#[test]
fn debian_orders_as_dpkg() {
    ascends(
        Order::Debian,
        &[
            "0:0-0~",
            "0 0-0 0:0 00",
            "1.0~~",
            "1.0~~a",
            "1.0~",
            "1.0~rc1-1",
            "1.0 1.0-0 01.00",
            "1.0-1~bpo12+1",
            "1.0-1",
            "1.0-1ubuntu0.1~esm1",
            "1.0-1ubuntu0.1",
            "1.0-1.1",
            "1.0-2",
            "1.0a-1",
            "1.0+b1-1",
            "1.0-1-1",
            "1.0.1-1",
            "1.9-1",
            "1.10-1",
            LONG,
            "1:0.1-1 01:0.1-1",
            "2:0.1",
        ],
    );
    reads_none(Order::Debian, &["", ":1", "a:1", "1:", "1.0-", "-1", "1 0", "1.0-1:2", "0:0-0!", "ä"]);
}

#[test]
fn rpm_orders_epochs_versions_and_releases() {
    ascends(
        Order::Rpm,
        &[
            "1.0~rc1-1",
            "1.0~rc1^git1-1",
            "1.0~rc2-1",
            "1.0 0:1.0 1_0",
            "1.0-1.el9~1",
            "1.0-1.el9 1.0-1_el9",
            "1.0-1.el9_2",
            "1.0^git1~pre-1",
            "1.0^git1-1",
            "1.0^git2-1",
            "1.0a-1",
            "1.0.1-1.el9",
            "1.0.1-2.el9 0:1.0.1-02.el9",
            "1.0.1-10.el9",
            "5.5p1",
            "5.5p2",
            "5.5p10",
            "10xyz",
            "10.0001 10.1",
            "20101121",
            LONG,
            "1:0.5-1",
        ],
    );
    ascends(Order::Rpm, &["xyz", "xyz.4", "xyz10", "2", "8", "1:xyz"]);
    ascends(Order::Rpm, &["2.0 2.0. 2_0 2.0+", "2.0.a 2.0a", "2.0.1 2.0_1"]);
    reads_none(Order::Rpm, &["", "~", "1:", "1 0", "-1", "1.0-ä"]);
}

#[test]
fn alpine_orders_as_apk() {
    ascends(
        Order::Alpine,
        &[
            "0.1.0_alpha_pre2",
            "0.1.0_alpha",
            "0.1.0_alpha0",
            "0.1.0_alpha2",
            "0.1.0_beta",
            "0.1.0_pre20190101",
            "0.1.0_pre20210530",
            "0.1.0_rc1-r9",
            "0.1.0 00.1.0",
            "0.1.0-r0 0.1.0-r00",
            "0.1.0-r1",
            "0.1.0-r10",
            "0.1.0~1234-r0",
            "0.1.0_cvs1",
            "0.1.0_svn1",
            "0.1.0_git1",
            "0.1.0_hg1",
            "0.1.0_p1-r0 0.1.0_p01-r0",
            "0.1.0_p9-r0",
            "0.1.0_p10-r0",
            "0.1.0a",
            "0.1.0b-r1",
            "0.1.0.1",
            "1.007-r0",
            "1.06-r6",
            "1.1",
            "1.9",
            "1.10",
            "6b-r7",
            "7",
            "20050718-r1",
        ],
    );
    reads_none(Order::Alpine, &["", "a", ".1", "1.", "1..1", "1.0A", "1.0ab", "23_foo", "1-r", "1-r0-1", "1~", "1.0 "]);
}

#[test]
fn ecosystems_have_their_order_with_and_without_a_release() {
    let known = [
        ("npm", Order::SemVer),
        ("crates.io", Order::SemVer),
        ("GitHub Actions", Order::SemVer),
        ("Pub", Order::SemVerBuild),
        ("PyPI", Order::Pep440),
        ("Maven:https://maven.google.com", Order::Maven),
        ("Ubuntu:Pro:22.04:LTS", Order::Debian),
        ("Debian", Order::Debian),
        ("Echo", Order::Debian),
        ("Echo:PyPI", Order::Pep440),
        ("Red Hat:enterprise_linux:7::client", Order::Rpm),
        ("openSUSE:Leap 15.3", Order::Rpm),
        ("Alpine:v3.20", Order::Alpine),
        ("CleanStart", Order::Alpine),
    ];
    for (ecosystem, order) in known {
        assert_eq!(order_of(ecosystem), Some(order), "{ecosystem}");
    }
    assert_eq!([order_of(""), order_of("NPM"), order_of("CRAN"), order_of("Android"), order_of(":npm")], [None; 5]);
}

#[test]
fn texts_of_more_than_1024_bytes_are_no_versions() {
    let (longest, longer) = ("1".repeat(1024), "1".repeat(1025));
    assert_eq!(Order::SemVer.compare(&longest, &longest), Some(Ordering::Equal));
    assert_eq!(Order::SemVer.compare(&longest, &longer), None);
}
