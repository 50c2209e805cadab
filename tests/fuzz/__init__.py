"""Every decoder that meets the outside, fed with what nobody should send. See README.md."""
