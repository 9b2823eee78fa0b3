#ifdef __cplusplus
extern "C" {
#endif

/* A result that says nothing yet, for meshvitals_report and meshvitals_probe_once: the size is set,
   the value is NaN (none), everything else 0. The outcome must be set before it is reported.
     meshvitals_result_t result = MESHVITALS_RESULT_INIT;
   Filled with zeroes instead, a result has the value 0, a number like any other. */
#define MESHVITALS_RESULT_INIT \
  { (uint32_t)sizeof(meshvitals_result_t), 0, 0, 0, 0, 0, 0, __builtin_nan(""), {0, 0, 0, 0}, {0} }

/* The status in a cell, as the engine last wrote it; UNKNOWN if the id is stale or the cell
   NULL. A live engine writes UNKNOWN itself when a status gets too old; a reader that must not
   trust the engine to be alive uses meshvitals_cell_status_at.
   Returns: MESHVITALS_STATUS_*. Threads: any, wait-free. Ownership: reads only. Since: 0.1.0 */
static inline meshvitals_status_t meshvitals_cell_status(const meshvitals_cell_t *cell,
                                                         meshvitals_check_id_t id) {
  uint64_t word;
  if (cell == NULL) return MESHVITALS_STATUS_UNKNOWN;
  word = __atomic_load_n(&cell->word, __ATOMIC_ACQUIRE);
  return (word >> 32) == (id >> 32) ? (meshvitals_status_t)(word & 0xffffffffu)
                                    : MESHVITALS_STATUS_UNKNOWN;
}

/* The same, and UNKNOWN if the status is too old at now_ns (CLOCK_MONOTONIC, coarse will do).
   Returns: MESHVITALS_STATUS_*. Threads: any, wait-free. Ownership: reads only. Since: 0.1.0 */
static inline meshvitals_status_t meshvitals_cell_status_at(const meshvitals_cell_t *cell,
                                                            meshvitals_check_id_t id,
                                                            uint64_t now_ns) {
  meshvitals_status_t status = meshvitals_cell_status(cell, id);
  if (status == MESHVITALS_STATUS_UNKNOWN) return status;
  return now_ns < __atomic_load_n(&cell->fresh_until_ns, __ATOMIC_ACQUIRE)
             ? status
             : MESHVITALS_STATUS_UNKNOWN;
}

#ifdef __cplusplus
}
#endif

#endif /* MESHVITALS_H */
