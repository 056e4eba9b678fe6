import {
  dayIn,
  firstWorkingDay,
  formatDay,
  isRealDay,
  isTimeZone,
  isWorkingDay,
  parseDay,
} from '../../src/domain/working-days.ts';

const day = (text: string) => parseDay(text)!;
const days = (...texts: string[]) => new Set(texts.map(day));
const at = (instant: string, timeZone: string) => formatDay(dayIn(new Date(instant), timeZone));

describe('a day of the calendar', () => {
  it.each(['1970-01-01', '2028-02-29', '0001-01-01', '9999-12-31', '0000-02-29'])('%s is read and written', (text) => {
    expect(formatDay(day(text))).toBe(text);
  });

  it.each(['2026-02-29', '2026-13-01', '2026-00-10', '2026-04-31', '2026-1-1', '26-01-01', '2026-01-01T00', ''])(
    '%s is none',
    (text) => {
      expect(isRealDay(text)).toBe(false);
    },
  );
});

describe('the day of an instant', () => {
  it.each([
    // The clocks of London go forward at 01:00 UTC on 2026-03-29 and back at 01:00 UTC on 2026-10-25.
    ['2026-03-28T23:59:59.999Z', 'Europe/London', '2026-03-28'],
    ['2026-03-29T00:00:00Z', 'Europe/London', '2026-03-29'],
    ['2026-03-29T22:59:59Z', 'Europe/London', '2026-03-29'],
    ['2026-03-29T23:00:00Z', 'Europe/London', '2026-03-30'],
    ['2026-10-24T22:59:59Z', 'Europe/London', '2026-10-24'],
    ['2026-10-24T23:00:00Z', 'Europe/London', '2026-10-25'],
    ['2026-10-25T23:59:59Z', 'Europe/London', '2026-10-25'],
    ['2026-10-26T00:00:00Z', 'Europe/London', '2026-10-26'],
    // Those of New York at 07:00 UTC on 2026-03-08 and at 06:00 UTC on 2026-11-01.
    ['2026-03-08T04:59:59Z', 'America/New_York', '2026-03-07'],
    ['2026-03-08T05:00:00Z', 'America/New_York', '2026-03-08'],
    ['2026-03-09T03:59:59Z', 'America/New_York', '2026-03-08'],
    ['2026-03-09T04:00:00Z', 'America/New_York', '2026-03-09'],
    ['2026-11-02T04:59:59Z', 'America/New_York', '2026-11-01'],
    ['2026-11-02T05:00:00Z', 'America/New_York', '2026-11-02'],
    // Clocks that go forward at midnight (the day begins at 01:00), by half an hour, and a zone a day ahead.
    ['2026-04-23T21:59:59Z', 'Africa/Cairo', '2026-04-23'],
    ['2026-04-23T22:00:00Z', 'Africa/Cairo', '2026-04-24'],
    ['2026-04-04T12:59:59Z', 'Australia/Lord_Howe', '2026-04-04'],
    ['2026-04-04T13:00:00Z', 'Australia/Lord_Howe', '2026-04-05'],
    ['2026-09-15T10:00:00Z', 'Pacific/Kiritimati', '2026-09-16'],
    ['2011-12-30T09:59:59Z', 'Pacific/Apia', '2011-12-29'],
    ['2011-12-30T10:00:00Z', 'Pacific/Apia', '2011-12-31'],
    ['0001-01-01T00:00:00Z', 'UTC', '0001-01-01'],
    ['0000-06-01T00:00:00Z', 'UTC', '0000-06-01'],
  ])('at %s it is in %s the %s', (instant, zone, expected) => {
    expect(at(instant, zone)).toBe(expected);
  });
});

describe('a time zone', () => {
  it.each(['UTC', 'Europe/London', 'America/Argentina/Buenos_Aires', 'Etc/GMT+1', 'GMT'])('%s is one', (zone) => {
    expect(isTimeZone(zone)).toBe(true);
  });

  it.each(['+01:00', '-05', 'Europe/Lodnon', 'Mars/Olympus', '', 'Europe/London ', 'BST7'])('%j is none', (zone) => {
    expect(isTimeZone(zone)).toBe(false);
  });
});

describe('the last working days', () => {
  it('are Monday to Friday without the holidays', () => {
    const week = ['2026-12-21', '2026-12-22', '2026-12-23', '2026-12-24', '2026-12-25', '2026-12-26', '2026-12-27'];
    const holidays = days('2026-12-25');
    expect(week.filter((text) => isWorkingDay(day(text), holidays))).toEqual(week.slice(0, 4));
    expect(isWorkingDay(day('1969-12-31'), new Set())).toBe(true);
    expect(isWorkingDay(day('1969-12-28'), new Set())).toBe(false);
  });

  it.each([
    ['2026-09-18', 5, '2026-09-14', 'Friday: this week'],
    ['2026-09-14', 5, '2026-09-08', 'Monday counts itself'],
    ['2026-09-20', 5, '2026-09-14', 'Sunday is none, so the five before it'],
    ['2026-09-19', 1, '2026-09-18', 'Saturday'],
    ['2026-09-18', 1, '2026-09-18', 'today alone'],
    ['2026-09-18', 0, '2026-09-19', 'no day at all'],
    ['2026-09-18', 10, '2026-09-07', 'two weeks'],
  ])('of %s, %d of them, begin on %s (%s)', (today, count, first) => {
    expect(formatDay(firstWorkingDay(day(today), count, new Set()))).toBe(first);
  });

  it('go back over holidays and the weekends beside them', () => {
    const holidays = days('2026-12-25', '2026-12-28', '2027-01-01');
    const first = (today: string, count: number) => formatDay(firstWorkingDay(day(today), count, holidays));
    expect(first('2027-01-01', 1)).toBe('2026-12-31');
    expect(first('2027-01-04', 5)).toBe('2026-12-24');
    expect(first('2026-12-27', 1)).toBe('2026-12-24');
  });
});
