//! Units of the reference.
