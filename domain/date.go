package domain

import (
	"fmt"
	"time"
)

// Date is a calendar day of the proleptic Gregorian calendar, in years 1 to 9999. Dates compare as numbers.
// The zero Date means that no day was given.
type Date int32

// epoch is the day before Date 1.
var epoch = time.Date(0, 12, 31, 0, 0, 0, 0, time.UTC)

// NewDate gives the Date of a year, month and day; what lies beyond a month's end runs over into the next.
func NewDate(year int, month time.Month, day int) Date {
	return DateOf(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
}

// DateOf gives the day of an instant in UTC.
func DateOf(t time.Time) Date {
	t = t.UTC()
	const day = 24 * 60 * 60
	// Seconds since the epoch, floored to days. Date's years are positive, so a plain floor of Unix days is enough.
	s := t.Unix() - epoch.Unix()
	return Date(s / day)
}

// ParseDate reads YYYY-MM-DD (ISO 8601). The day must exist.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1 {
		return 0, fmt.Errorf("%q is no day; write it as YYYY-MM-DD, for example 2023-12-22", s)
	}
	return DateOf(t), nil
}

// Time gives the beginning of the day in UTC.
func (d Date) Time() time.Time { return epoch.AddDate(0, 0, int(d)) }

// Next gives the day after.
func (d Date) Next() Date { return d + 1 }

// String gives YYYY-MM-DD, or nothing for the zero Date.
func (d Date) String() string {
	if d == 0 {
		return ""
	}
	return d.Time().Format(time.DateOnly)
}

// MarshalText writes YYYY-MM-DD; the zero Date is an error.
func (d Date) MarshalText() ([]byte, error) {
	if d == 0 {
		return nil, fmt.Errorf("the zero Date has no text")
	}
	return []byte(d.String()), nil
}

// UnmarshalText reads YYYY-MM-DD.
func (d *Date) UnmarshalText(text []byte) error {
	parsed, err := ParseDate(string(text))
	*d = parsed
	return err
}
