//! Data sets: pairing HR with LR in every layout of the field, and checking them.
