/** `images.<name>.retention` of delivery.yaml: which builds stay. */
export interface RetentionRule {
  /** Those of the last so many working days, today among them when it is one. */
  readonly workingDays: number;
  /** This many of the newest, however old. */
  readonly atLeast: number;
  /** Those among the last so many different ones that were promoted. */
  readonly keepPromoted: number;
  /** IANA name of where days begin and end. */
  readonly timeZone: string;
  /** `YYYY-MM-DD`, days of the calendar. */
  readonly holidays: readonly string[];
}
