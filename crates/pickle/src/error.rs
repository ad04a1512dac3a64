/// A pickle that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("byte {offset} of the pickle: {kind}")]
pub struct Error {
    /// Where the instruction begins that could not be followed.
    pub offset: usize,
    /// What is wrong with it.
    pub kind: ErrorKind,
}

/// What is wrong with an instruction of a pickle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ErrorKind {
    /// The bytes end before the pickle does.
    #[error("the data ends in the middle of the pickle")]
    Truncated,
    /// No protocol has this instruction.
    #[error("there is no instruction {0:#04x}; this is not a pickle, or it is damaged")]
    UnknownOpcode(u8),
    /// A newer protocol than those known.
    #[error("protocol {0} is not known (0 to 5 are)")]
    Protocol(u8),
    /// An instruction that needs more than the pickle itself.
    #[error("{0} cannot be read without the program that wrote it")]
    Unsupported(&'static str),
    /// A value is taken that nobody put there.
    #[error("a value is missing on the stack")]
    StackUnderflow,
    /// A group is closed that was not opened.
    #[error("there is no mark on the stack")]
    NoMark,
    /// A value is recalled that was not remembered.
    #[error("nothing is remembered as number {0}")]
    NotRemembered(u64),
    /// An instruction is applied to a value that it does not fit.
    #[error("{0}")]
    Misapplied(&'static str),
    /// Text that should be a number or a quoted string.
    #[error("this is no {0}")]
    Malformed(&'static str),
    /// More memory is needed than the limit allows.
    #[error("more than {limit} bytes of memory are needed for {input} bytes of pickle")]
    TooMuchMemory {
        /// The limit.
        limit: usize,
        /// How long the input is.
        input: usize,
    },
}
