//! Lists of Slurm's commands that are nearly right, or not at all. The same is fuzzed.

#[path = "../../../tests/damage/mod.rs"]
mod damage;
mod promises;

use damage::{any_bytes, damaged};
use proptest::prelude::*;

const SQUEUE: [&[u8]; 2] = [
    promises::QUEUED.as_bytes(),
    b"17|RUNNING|1-02:03:04|n[1-2]|mozopt-000004-1-cd|None\n\
      18|FAILED|0:07|n2|mozopt-000005-2-ef|NonZeroExitCode\n\
      19|OUT_OF_MEMORY|12:34|n3|other|OutOfMemory\n",
];

const SACCT: [&[u8]; 2] = [
    promises::ACCOUNTED.as_bytes(),
    b"3|FAILED|7:0|0:0|n1|mozopt-000004-1-cd\n\
      4|CANCELLED by 0|0:0|0:0|None assigned|other\n\
      7|COMPLETED|0:0|0:125|n1|mozopt-000005-2-ef\n",
];

fn squeue(text: &[u8]) {
    promises::squeue(&String::from_utf8_lossy(text));
}

fn sacct(text: &[u8]) {
    promises::sacct(&String::from_utf8_lossy(text));
}

#[test]
fn numbers_beyond_their_types_are_no_panic() {
    for huge in ["18446744073709551616", "18446744073709551615", "307445734561825861", "-1"] {
        squeue(format!("{huge}|RUNNING|{huge}-{huge}:{huge}:{huge}|n1|name|None").as_bytes());
        sacct(format!("{huge}|FAILED|{huge}:{huge}|{huge}:{huge}|n1|name").as_bytes());
    }
}

proptest! {
    #[test]
    fn squeue_of_any_bytes(text in any_bytes()) {
        squeue(&text);
    }

    #[test]
    fn squeue_that_is_nearly_right(text in damaged(SQUEUE.to_vec())) {
        squeue(&text);
    }

    #[test]
    fn sacct_of_any_bytes(text in any_bytes()) {
        sacct(&text);
    }

    #[test]
    fn sacct_that_is_nearly_right(text in damaged(SACCT.to_vec())) {
        sacct(&text);
    }
}
