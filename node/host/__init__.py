"""What carries the law and the order of blocks on a real machine: threads, disks, peers."""
