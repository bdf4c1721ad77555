//! Reading as a whole, over the boundaries of the stations.

mod formats;
mod properties;
