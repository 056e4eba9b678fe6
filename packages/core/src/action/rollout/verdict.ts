/** How a deployment ended, for machines: output `verdict`. docs/deploy-test.md says what each one means. */
export type Verdict =
  | 'healthy'
  | 'unchanged'
  | 'stopped'
  | 'planned'
  | 'refused'
  | 'superseded'
  | 'rolled-back'
  | 'rollback-failed'
  | 'left-failed'
  | 'cancelled';
