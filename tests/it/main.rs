//! The program as its users see it: command lines, files, exit codes.

mod access;
mod bad_input;
mod channels;
mod exit_codes;
mod explain;
mod exports;
mod faults;
mod init;
mod kill;
mod layouts;
mod live;
mod overtaken;
mod reclaim;
mod rehearse;
mod requests;
mod review;
mod samples;
mod scim;
mod seats;
mod stops;
mod stories;
mod streams;
mod stub;
mod support;
mod undo;
mod undo_whom;
