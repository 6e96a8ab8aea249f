use std::str::FromStr;

use cvss::Cvss;
use serde::{Deserialize, Serialize};

use crate::osv::{Affected, Osv, Severity as Rating, specific_text};

/// Severities as Trivy numbers them (trivy-db `pkg/types/types.go`).
pub(crate) const NAMES: [&str; 5] = ["UNKNOWN", "LOW", "MEDIUM", "HIGH", "CRITICAL"];

/// A word by which a source rates a vulnerability, as a severity of Trivy; none for another word.
pub(crate) fn of_label(label: &str) -> Option<u8> {
    match label.to_ascii_lowercase().as_str() {
        "negligible" | "unimportant" | "low" | "minor" => Some(1),
        "moderate" | "medium" => Some(2),
        "important" | "high" => Some(3),
        "critical" => Some(4),
        _ => None,
    }
}

/// The severity of a CVSS score (CVSS 3.1, section 5; CVSS 2.0 and 4.0 alike).
pub(crate) fn of_score(score: f64) -> u8 {
    match score {
        score if score >= 9.0 => 4,
        score if score >= 7.0 => 3,
        score if score >= 4.0 => 2,
        score if score > 0.0 => 1,
        _ => 0,
    }
}

/// Metrics without which a vector has no score (CVSS 2.0, section 2.1; 3.1, section 2; 4.0, section 2).
const BASE_2: &str = "AV AC Au C I A";
const BASE_3: &str = "AV AC PR UI S C I A";
const BASE_4: &str = "AV AC AT PR UI VC VI VA SC SI SA";

/// Vectors of one source with their scores, as a member of `CVSS` (trivy-db `types.CVSS`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Scores {
    #[serde(rename = "V2Vector", default, skip_serializing_if = "Option::is_none")]
    pub(crate) v2_vector: Option<String>,
    #[serde(rename = "V3Vector", default, skip_serializing_if = "Option::is_none")]
    pub(crate) v3_vector: Option<String>,
    #[serde(rename = "V40Vector", default, skip_serializing_if = "Option::is_none")]
    pub(crate) v40_vector: Option<String>,
    #[serde(rename = "V2Score", default, skip_serializing_if = "Option::is_none")]
    pub(crate) v2_score: Option<f64>,
    #[serde(rename = "V3Score", default, skip_serializing_if = "Option::is_none")]
    pub(crate) v3_score: Option<f64>,
    #[serde(rename = "V40Score", default, skip_serializing_if = "Option::is_none")]
    pub(crate) v40_score: Option<f64>,
}

impl Scores {
    /// The vectors that parse; of one version the first. The others stay in the raw document.
    pub(crate) fn of(ratings: &[Rating]) -> Self {
        let mut scores = Self::default();
        for rating in ratings.iter().filter(|rating| rating.kind.starts_with("CVSS_V")) {
            let vector = rating.score.trim_end_matches('/');
            let Ok(parsed) = Cvss::from_str(vector) else { continue };
            // A decimal as CVSS states it, not what binary arithmetic leaves of it.
            let score = (parsed.score() * 10.0).round() / 10.0;
            let (base, vector_place, score_place) = match parsed {
                Cvss::CvssV20(_) => (BASE_2, &mut scores.v2_vector, &mut scores.v2_score),
                Cvss::CvssV30(_) | Cvss::CvssV31(_) => (BASE_3, &mut scores.v3_vector, &mut scores.v3_score),
                Cvss::CvssV40(_) => (BASE_4, &mut scores.v40_vector, &mut scores.v40_score),
                _ => continue,
            };
            // The library scores vectors that lack metrics, too.
            let complete = base.split(' ').all(|metric| vector.split('/').any(|part| part.split(':').next() == Some(metric)));
            if vector_place.is_none() && complete {
                (*vector_place, *score_place) = (Some(vector.to_owned()), Some(score));
            }
        }
        scores
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The severity of the newest version that there is.
    pub(crate) fn severity(&self) -> Option<u8> {
        self.v40_score.or(self.v3_score).or(self.v2_score).map(of_score)
    }

    /// Takes what is missing from another.
    pub(crate) fn complement(&mut self, other: Self) {
        fn take(place: (&mut Option<String>, &mut Option<f64>), given: (Option<String>, Option<f64>)) {
            if place.0.is_none() {
                (*place.0, *place.1) = given;
            }
        }
        take((&mut self.v2_vector, &mut self.v2_score), (other.v2_vector, other.v2_score));
        take((&mut self.v3_vector, &mut self.v3_score), (other.v3_vector, other.v3_score));
        take((&mut self.v40_vector, &mut self.v40_score), (other.v40_vector, other.v40_score));
    }
}

/// How the source itself rates what a document tells of: a rating that is not CVSS, `database_specific.severity` (GitHub), or the word
/// that the summaries of errata begin with (`Important: bash security update`).
pub(crate) fn label_of_document(document: &Osv<'_>) -> Option<u8> {
    let rated =
        document.severity.iter().flatten().filter(|rating| !rating.kind.starts_with("CVSS_V")).find_map(|rating| of_label(&rating.score));
    let stated = || specific_text(document.database_specific, "severity").and_then(|label| of_label(&label));
    let errata = || document.summary.as_ref()?.split_once(": ").and_then(|(word, _)| of_label(word));
    rated.or_else(stated).or_else(errata)
}

/// How Debian rates it for one package.
pub(crate) fn urgency(affected: &Affected<'_>) -> Option<u8> {
    specific_text(affected.ecosystem_specific, "urgency").and_then(|label| of_label(&label))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rating(kind: &str, score: &str) -> Rating {
        Rating { kind: kind.into(), score: score.into() }
    }

    /// Scores of the calculators of FIRST and NVD.
    #[test]
    fn vectors_are_scored_and_the_newest_decides() {
        let ratings = [
            rating("CVSS_V2", "AV:N/AC:L/Au:N/C:N/I:N/A:C"),
            rating("CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/"),
            rating("CVSS_V3", "CVSS:3.0/AV:L/AC:L/PR:L/UI:N/S:U/C:L/I:N/A:N"),
            rating("CVSS_V4", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N"),
        ];
        let scores = Scores::of(&ratings);
        assert_eq!((scores.v2_score, scores.v3_score, scores.v40_score), (Some(7.8), Some(9.8), Some(6.9)));
        assert_eq!(scores.v3_vector.as_deref(), Some("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"));
        assert_eq!(scores.severity(), Some(2));
        assert_eq!(Scores::of(&ratings[..2]).severity(), Some(4));
    }

    #[test]
    fn vectors_that_do_not_parse_are_passed_over() {
        let bad = ["", "CVSS:3.1/AV:N", "CVSS:3.1/AV:N/AV:N/PR:N/UI:N/S:U/C:H/I:H/A:H", "CVSS:9.9/AV:N", "HIGH", "9.8"];
        bad.iter().for_each(|vector| assert!(Scores::of(&[rating("CVSS_V3", vector)]).is_empty(), "{vector}"));
        assert!(Scores::of(&[rating("Ubuntu", "medium")]).is_empty());
    }

    #[test]
    fn scores_and_words_are_severities() {
        assert_eq!([0.0, 0.1, 3.9, 4.0, 6.9, 7.0, 8.9, 9.0, 10.0].map(of_score), [0, 1, 1, 2, 2, 3, 3, 4, 4]);
        assert_eq!(["Moderate", "IMPORTANT", "negligible", "critical"].map(of_label), [Some(2), Some(3), Some(1), Some(4)]);
        assert_eq!(of_label("not yet assigned"), None);
    }
}
