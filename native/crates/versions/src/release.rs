use std::borrow::Cow;

use crate::code_names::CODE_NAMES;

/// How what an advisory says of an ecosystem fits the distribution that is asked about; what says more of it is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fit {
    /// Another release.
    Other,
    /// Any release: the ecosystem names none, or none is asked about.
    Any,
    /// Perhaps the release, perhaps another.
    Untold,
    /// The release.
    Same,
}

/// Words for distributions that are no part of the name of their ecosystem; `el` is any rebuild of Red Hat's.
static WORDS: [(&str, &[&str]); 13] = [
    ("cbl", &["azure linux"]),
    ("el", &["almalinux", "red hat", "rocky linux"]),
    ("enterprise", &["suse"]),
    ("hpc", &["suse"]),
    ("leap", &["opensuse"]),
    ("linux", &["suse"]),
    ("mariner", &["azure linux"]),
    ("rhel", &["red hat"]),
    ("sap", &["suse"]),
    ("server", &["suse"]),
    ("sle", &["suse"]),
    ("sled", &["suse"]),
    ("sles", &["suse"]),
];

/// Compares the release of an ecosystem with the qualifier `distro` of a purl: `Debian:11` is of `debian-11`, `11.5` and `bullseye`, `Alpine:v3.18`
/// of `alpine-3.18.4`, `Ubuntu:22.04:LTS` of `jammy`, `Red Hat:openshift:4.12::el8` of `rhel-8.6`, `SUSE:Linux Enterprise Server 15 SP5` of `sles-15.5`.
pub(crate) fn fit(ecosystem: &str, distro: Option<&str>) -> Fit {
    let (ecosystem, distro) = (ecosystem.to_ascii_lowercase(), distro.map(str::to_ascii_lowercase));
    let (Some((base, named)), Some(distro)) = (ecosystem.split_once(':'), distro) else { return Fit::Any };
    // The last number, as products of Red Hat have the release of the distribution behind their own.
    let mut numbers = named.rsplit(':').map(|part| part.trim_start_matches("el").trim_start_matches('v'));
    let Some(number) = numbers.find(|part| is_number(part)).map(Cow::Borrowed).or_else(|| number_of_suse(base, named)) else {
        let is_same = distro.strip_suffix(named).is_some_and(|name| (name.is_empty() || name.ends_with('-')) && is_name_of(name, base));
        return if is_same { Fit::Same } else { Fit::Untold };
    };
    match number_of(&distro, base) {
        Some(asked) if is_within(&asked, &number) => Fit::Same,
        Some(asked) if !is_within(&number, &asked) => Fit::Other,
        _ => Fit::Untold,
    }
}

/// The number of the release that a `distro` means; none where it means no release of this distribution, or which one is not known.
fn number_of<'d>(distro: &'d str, base: &str) -> Option<Cow<'d, str>> {
    let (name, number) = match distro.find(|character: char| character.is_ascii_digit()) {
        Some(at) => distro.split_at(at),
        None => {
            let (name, word) = distro.rsplit_once('-').unwrap_or(("", distro));
            let (.., number) = CODE_NAMES.iter().find(|(of, code_name, _)| *of == base && *code_name == word)?;
            (name, *number)
        }
    };
    let number = match number.split_once("sp").filter(|_| base == "suse") {
        Some((version, pack)) => Cow::Owned(format!("{}.{pack}", version.trim_end_matches(['-', '_', ' ']))),
        None => Cow::Borrowed(number),
    };
    (is_number(&number) && is_name_of(name, base)).then_some(number)
}

/// The number of a release of SUSE, whose products share it: `linux enterprise module for basesystem 15 sp5-ltss` is of 15.5, one without service pack of
/// 15.0; `leap 15.5` of openSUSE is of 15.5. None for others, such as Micro, which count for themselves.
fn number_of_suse<'n>(base: &str, named: &'n str) -> Option<Cow<'n, str>> {
    if base == "opensuse" {
        return named.strip_prefix("leap ").filter(|number| is_number(number)).map(Cow::Borrowed);
    }
    let product = named.strip_prefix("linux enterprise ").filter(|product| base == "suse" && !product.starts_with("micro "))?;
    let mut words = product.split(' ').skip_while(|word| !is_number(word));
    let version = words.next()?;
    let pack = words.next().and_then(|word| word.strip_prefix("sp")).map_or("0", |pack| pack.split('-').next().unwrap_or_default());
    Some(Cow::Owned(format!("{version}.{pack}"))).filter(|number| is_number(number))
}

/// Whether what stands before a release names no distribution but this one.
fn is_name_of(name: &str, base: &str) -> bool {
    let is_known = |word: &str| WORDS.iter().any(|(known, bases)| *known == word && bases.contains(&base));
    let ecosystem = base.replace(' ', "");
    name.split(|character: char| !character.is_ascii_alphanumeric()).all(|word| word == "v" || ecosystem.contains(word) || is_known(word))
}

/// Digits, and such after dots.
fn is_number(text: &str) -> bool {
    text.split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether a number is another, or one that begins with that: `3.18.4` is within `3.18`.
fn is_within(number: &str, whole: &str) -> bool {
    number.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
