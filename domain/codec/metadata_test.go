package codec_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapporteur/rapporteur/domain/codec"
)

var fullMetadata = codec.Metadata{
	RecordedBy:     "jane@example.org",
	RecordedAt:     time.Date(2024, time.March, 1, 9, 5, 0, 120_000, time.UTC),
	CorrelationID:  "c0",
	CausationID:    "c1",
	SchemaVersion:  1,
	IdempotencyKey: "key \"1\"",
	InputHash:      "ab12",
}

func TestMetadataHaveOneForm(t *testing.T) {
	for want, m := range map[string]codec.Metadata{
		`{"$causationId":"c1","$correlationId":"c0","idempotencyKey":"key \"1\"","inputHash":"ab12","recordedAt":"2024-03-01T09:05:00.000120Z","recordedBy":"jane@example.org","schemaVersion":1}`: fullMetadata,
		`{"recordedAt":"2024-03-01T09:05:00.000000Z","schemaVersion":2}`: {RecordedAt: time.Date(2024, time.March, 1, 9, 5, 0, 0, time.UTC), SchemaVersion: 2},
	} {
		got, err := codec.EncodeMetadata(m)
		if err != nil || string(got) != want {
			t.Errorf("got  %s\nwant %s\n%v", got, want, err)
		}
		if canonical, err := codec.Canonical(got); err != nil || !bytes.Equal(canonical, got) {
			t.Errorf("%s: not canonical, %v", got, err)
		}
		back, err := codec.DecodeMetadata(got)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m, back); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// TestRecordedAtIsUTCToTheMicrosecond: another zone is converted, finer digits are cut off, never rounded into the future.
func TestRecordedAtIsUTCToTheMicrosecond(t *testing.T) {
	zone := time.FixedZone("", 2*60*60)
	m := codec.Metadata{RecordedAt: time.Date(2024, time.March, 1, 1, 0, 0, 999_999_999, zone), SchemaVersion: 1}
	got, err := codec.EncodeMetadata(m)
	if err != nil || !strings.Contains(string(got), `"recordedAt":"2024-02-29T23:00:00.999999Z"`) {
		t.Errorf("%s, %v", got, err)
	}
}

func TestMetadataOfTheStoreArePassedOver(t *testing.T) {
	m, err := codec.DecodeMetadata([]byte(`{"$v":{"a":[1,2,{"b":null}]},"recordedAt":"2024-03-01T09:05:00.000120Z","$other":true,"more":-1.5e3,"recordedBy":"x","schemaVersion":1}`))
	if err != nil {
		t.Fatal(err)
	}
	want := codec.Metadata{RecordedBy: "x", RecordedAt: fullMetadata.RecordedAt, SchemaVersion: 1}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestBadMetadataAreRefused(t *testing.T) {
	for _, bad := range []string{
		``, `null`, `[]`, `{}`, `{"schemaVersion":1}`, `{"recordedAt":"2024-03-01T09:05:00Z"}`, `{"recordedAt":"2024-03-01T09:05:00.000120+00:00"}`, `{"recordedAt":1}`, `{"recordedAt":"0001-01-01T00:00:00.000000Z"}`,
		`{"recordedAt":"2024-03-01T09:05:00.000120Z","recordedBy":"x","recordedBy":"y"}`,
		`{"recordedAt":"2024-03-01T09:05:00.000120Z","schemaVersion":"1"}`, `{"recordedAt":"2024-03-01T09:05:00.000120Z","recordedBy":null}`,
		`{"recordedAt":"2024-03-01T09:05:00.000120Z"} x`, `{"recordedAt":"2024-03-01T09:05:00.000120Z","x":{"y":}}`, `{"recordedAt":"2024-03-01T09:05:00.000120Z"`,
	} {
		if m, err := codec.DecodeMetadata([]byte(bad)); err == nil {
			t.Errorf("%s was read as %+v", bad, m)
		}
	}
	if _, err := codec.EncodeMetadata(codec.Metadata{SchemaVersion: 1}); err == nil {
		t.Error("metadata without a time were encoded")
	}
	if _, err := codec.EncodeMetadata(codec.Metadata{RecordedAt: fullMetadata.RecordedAt, RecordedBy: "\xff"}); err == nil {
		t.Error("a subject that is not UTF-8 was encoded")
	}
}

func FuzzDecodeMetadata(f *testing.F) {
	full, err := codec.EncodeMetadata(fullMetadata)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(full)
	f.Add([]byte(`{"recordedAt":"2024-03-01T09:05:00.000120Z","x":[{"y":"\u0000"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := codec.DecodeMetadata(data)
		if err != nil {
			return
		}
		again, err := codec.EncodeMetadata(m)
		if err != nil {
			t.Fatal(err)
		}
		back, err := codec.DecodeMetadata(again)
		if err != nil || back != m {
			t.Fatalf("%s: %+v, then %+v, %v", data, m, back, err)
		}
	})
}

func BenchmarkDecodeMetadata(b *testing.B) {
	data, err := codec.EncodeMetadata(fullMetadata)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := codec.DecodeMetadata(data); err != nil {
			b.Fatal(err)
		}
	}
}
