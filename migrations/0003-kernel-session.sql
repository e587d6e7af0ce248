-- By which the kernel's process is told from one that was started in its place, under the same id.
ALTER TABLE run ADD COLUMN kernel_session text;
