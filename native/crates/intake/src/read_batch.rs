use stella_evidence::{Evidence, EvidenceLimits, Refusal, read_document};

use crate::batch::{Batch, Entry, Refused};
use crate::budget::Budget;
use crate::copy_rows;
use crate::intake_options::Mappings;
use crate::not_held::NotHeld;

/// What a batch became.
pub(crate) struct Done {
    pub(crate) index: u64,
    /// Bytes to give back to the budget once the rows are taken.
    pub(crate) held_bytes: usize,
    pub(crate) read: u64,
    pub(crate) rows: Vec<u8>,
    pub(crate) refused: Vec<Refused>,
    pub(crate) not_held: NotHeld,
}

/// Reads every document of a batch; stops between documents when cancelled.
pub(crate) fn read_batch(batch: Batch, limits: &EvidenceLimits, mappings: &Mappings, budget: &Budget) -> Done {
    let mut done = Done {
        index: batch.index,
        held_bytes: batch.held_bytes(),
        read: batch.entries.len() as u64,
        rows: Vec::new(),
        refused: Vec::new(),
        not_held: NotHeld::default(),
    };
    done.rows.reserve(batch.text.len() * 5 / 2);
    for (entry, seq) in batch.entries.into_iter().zip(batch.first_seq..) {
        if budget.is_cancelled() {
            break;
        }
        match entry {
            Entry::Refused(refused) => done.refused.push(refused),
            Entry::Document { source, form, first_line, text } => {
                let raw = &batch.text[text];
                let written_bytes = done.rows.len();
                let outcome = read_document(raw, form, limits).and_then(|evidence| {
                    copy_rows::append(&mut done.rows, seq, &source, raw, &evidence)
                        .map_err(|_| Refusal::whole("a field longer than 2 GiB"))?;
                    Ok(evidence)
                });
                match outcome {
                    Ok(evidence) => name_not_held(&mut done.not_held, evidence, mappings),
                    Err(refusal) => {
                        done.rows.truncate(written_bytes);
                        done.refused.push(Refused::new(&source, &refusal.from_line(first_line)));
                    }
                }
            }
        }
    }
    done
}

/// What a document says and no export carries.
fn name_not_held(not_held: &mut NotHeld, evidence: Evidence, mappings: &Mappings) {
    let refused = evidence.records.iter().filter_map(|record| {
        let mismatch = mappings.of(record.kind)?.check(record.body.as_bytes()).err()?;
        Some((record, mismatch))
    });
    not_held.add_failing(evidence.format, refused);
    evidence.not_held.into_iter().for_each(|path| not_held.add(evidence.format, path, 1));
}
