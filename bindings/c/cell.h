
// A published status: generation << 32 | status, and until when it may be believed. Frozen:
// compiled into callers. 16-byte aligned, never unmapped, not even by meshvitals_monitor_free;
// read it with meshvitals_cell_status.
typedef struct {
  uint64_t word;
  uint64_t fresh_until_ns;
} meshvitals_cell_t;
