//! Compresses groups on several threads, and writes them in their order.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{Scope, ScopedJoinHandle};

use stella_bundle::FrameWriter;

use crate::error::MirrorError;
use crate::group::Group;
use crate::kind::Kind;
use crate::writer::Output;

/// A group that is full, and its number.
type Full = (u32, Group);

/// The two files of a group; the second is empty where it has no documents.
struct Packed {
    records: Vec<u8>,
    documents: Vec<u8>,
}

/// Where full groups go.
pub(crate) struct Packing<'scope, W> {
    groups: SyncSender<Full>,
    writing: ScopedJoinHandle<'scope, Result<Output<W>, MirrorError>>,
}

impl<'scope, W: Write + Send + 'scope> Packing<'scope, W> {
    /// Starts so many threads that compress, and one that writes what they make.
    pub(crate) fn start<'env>(
        scope: &'scope Scope<'scope, 'env>,
        kind: Kind,
        output: Output<W>,
        level: Option<i32>,
        threads: usize,
    ) -> Self {
        // A group waits for each thread; more would be memory for nothing.
        let (groups, full) = sync_channel::<Full>(1);
        let (packed, ready) = sync_channel(threads);
        scope.spawn(move || {
            let full = Mutex::new(full);
            std::thread::scope(|inner| {
                for _ in 0..threads {
                    let (full, packed) = (&full, packed.clone());
                    inner.spawn(move || pack(full, &packed, level));
                }
            });
        });
        let writing = scope.spawn(move || write(kind, output, &ready));
        Self { groups, writing }
    }

    /// Hands on a group. False where writing has failed: [`Packing::finish`] says how.
    pub(crate) fn push(&self, number: u32, group: Group) -> bool {
        self.groups.send((number, group)).is_ok()
    }

    /// The output, when every group is written.
    pub(crate) fn finish(self) -> Result<Output<W>, MirrorError> {
        drop(self.groups);
        self.writing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

fn pack(full: &Mutex<Receiver<Full>>, packed: &SyncSender<Result<(u32, Option<Packed>), MirrorError>>, level: Option<i32>) {
    let mut writer = match level.map(FrameWriter::new).transpose() {
        Ok(writer) => writer,
        Err(error) => {
            let _gone = packed.send(Err(error.into()));
            return;
        }
    };
    loop {
        let next = full.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((number, group)) = next else { return };
        let made = writer.as_mut().map(|writer| pack_group(writer, group)).transpose().map(|files| (number, files));
        if packed.send(made).is_err() {
            return;
        }
    }
}

fn pack_group(writer: &mut FrameWriter, mut group: Group) -> Result<Packed, MirrorError> {
    group.end();
    let records = writer.file(group.records.iter().map(Vec::as_slice))?;
    let documents = if group.documents.is_empty() { Vec::new() } else { writer.file(group.documents.iter().map(Vec::as_slice))? };
    Ok(Packed { records, documents })
}

fn write<W: Write>(
    kind: Kind,
    mut output: Output<W>,
    ready: &Receiver<Result<(u32, Option<Packed>), MirrorError>>,
) -> Result<Output<W>, MirrorError> {
    output.settle()?;
    // Groups that came before their turn: no more than there are threads.
    let mut early = BTreeMap::new();
    let mut turn = 0;
    for made in ready {
        let (number, files) = made?;
        early.insert(number, files);
        while let Some(files) = early.remove(&turn) {
            if let Some(Packed { records, documents }) = files {
                output.part(kind.records_path(turn), |out| out.write_all(&records))?;
                if !documents.is_empty() {
                    output.part(kind.documents_path(turn), |out| out.write_all(&documents))?;
                }
            }
            turn += 1;
        }
    }
    Ok(output)
}
