//! Companies: the organisations that users work for, linked to their sessions by `companyId`.

pub mod document;
