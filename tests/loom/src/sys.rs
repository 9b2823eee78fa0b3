//! As the library's `sys`, as far as the included files use it. The descriptor is the real one.

#[path = "../../../src/sys/wake.rs"]
pub mod wake;

/// Words outside mapped pages.
pub mod pages {
    macro_rules! words {
        ($(#[$of_struct:meta])* $access:vis struct $name:ident {
            $($(#[$of_field:meta])* $field_access:vis $field:ident,)+
        }) => {
            $(#[$of_struct])*
            #[derive(Debug, Default)]
            $access struct $name {
                $($(#[$of_field])* $field_access $field: $crate::sync::AtomicU64,)+
            }
        };
    }

    pub(crate) use words;
}
