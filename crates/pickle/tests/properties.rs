//! Whatever the bytes are, reading them ends well.

use pickle::Limits;
use proptest::collection::vec;
use proptest::prelude::*;

mod allocated;
mod visit;

fn survive(pickle: &[u8], memory_bytes: usize) {
    let limits = Limits { memory_bytes };
    let (graph, peak) = allocated::peak_bytes(|| pickle::read(pickle, limits));
    assert!(peak <= memory_bytes, "{peak} bytes of {memory_bytes}");
    if let Ok(graph) = graph {
        assert!(peak <= graph.memory_bytes());
        visit::visit(&graph);
    }
}

/// Instructions whose arguments have the right form, as text or bytes.
fn instruction() -> impl Strategy<Value = Vec<u8>> {
    let plain = prop::sample::select(
        &b"(012.NRabde}]lost)uQ\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x93\x94\x98"[..],
    );
    let plain = plain.prop_map(|opcode| vec![opcode]);
    let with_byte = (prop::sample::select(&b"Khq"[..]), 0_u8..8).prop_map(|(o, b)| vec![o, b]);
    let with_line = (
        prop::sample::select(&b"FILSVgpP"[..]),
        prop_oneof![
            "[0-9]",
            "-?[0-9]{1,25}L?",
            "'[a-z\\\\]{0,9}'",
            "\\\\u[0-9a-f]{4}",
            "\\PC{0,9}"
        ],
    );
    let with_line = with_line.prop_map(|(o, line)| format!("{}{line}\n", char::from(o)).into());
    let with_length = (prop::sample::select(&b"CU\x8a\x8c"[..]), vec(any::<u8>(), 0..20));
    let with_length =
        with_length.prop_map(|(o, bytes)| [&[o, bytes.len() as u8], &bytes[..]].concat());
    let function = prop::sample::select(
        &[
            "c_codecs\nencode\n",
            "c__builtin__\nbytearray\n",
            "ccollections\nOrderedDict\n",
            "ccopyreg\n_reconstructor\n",
            "cnumpy\ndtype\n",
            "cnumpy.core.multiarray\n_reconstruct\n",
            "cnumpy.core.multiarray\nscalar\n",
            "cnumpy._core.numeric\n_frombuffer\n",
            "X\x06\x00\x00\x00latin1",
            "X\x02\x00\x00\x00f8",
            "inumpy\ndtype\n",
        ][..],
    );
    let function = function.prop_map(|function| function.as_bytes().to_vec());
    let float = any::<f64>().prop_map(|float| [b"G", &float.to_be_bytes()[..]].concat());
    let integer = any::<i32>().prop_map(|integer| [b"J", &integer.to_le_bytes()[..]].concat());
    prop_oneof![
        8 => plain,
        2 => with_byte,
        1 => with_line,
        1 => with_length,
        2 => function,
        1 => float,
        1 => integer,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn of_any_bytes(pickle in vec(any::<u8>(), 0..200), memory_bytes in 0_usize..20_000) {
        survive(&pickle, memory_bytes);
    }

    #[test]
    fn of_any_instructions(
        instructions in vec(instruction(), 0..60),
        memory_bytes in prop_oneof![0_usize..2_000, Just(1 << 20)],
    ) {
        survive(&instructions.concat(), memory_bytes);
    }

    /// Values are put first, so that there is something to work on.
    #[test]
    fn of_instructions_that_find_values(instructions in vec(instruction(), 0..60)) {
        let values = b"(N]q\x00}q\x01)q\x02c\n\n)Rq\x03(K\x01";
        survive(&[values, &instructions.concat()[..], b"."].concat(), 1 << 20);
    }

    /// What follows the pickle is none of its business.
    #[test]
    fn bytes_behind_the_end_change_nothing(
        instructions in vec(instruction(), 0..20),
        more in vec(any::<u8>(), 1..20),
    ) {
        let mut pickle = [b"N".to_vec(), instructions.concat(), b".".to_vec()].concat();
        let limits = Limits { memory_bytes: 1 << 16 };
        if let Ok(graph) = pickle::read(&pickle, limits) {
            let alone = format!("{graph:?}");
            pickle.extend(more);
            prop_assert_eq!(format!("{:?}", pickle::read(&pickle, limits).unwrap()), alone);
        }
    }
}
