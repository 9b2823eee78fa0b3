package meshvitals

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestWhoGivesUpAtTheDeadlineWasSilent(t *testing.T) {
	expired, cancel := context.WithDeadline(context.Background(), time.Unix(1, 0))
	defer cancel()
	withdrawn, withdraw := context.WithCancel(context.Background())
	withdraw()
	for _, one := range []struct {
		ctx  context.Context
		was  Outcome
		want Outcome
	}{
		{expired, OutcomeFail, OutcomeTimeout},
		{expired, OutcomePass, OutcomePass},
		{expired, OutcomeLocal, OutcomeLocal},
		{withdrawn, OutcomeFail, OutcomeFail},
		{context.Background(), OutcomeFail, OutcomeFail},
	} {
		measured := Result{Outcome: one.was, Reason: ReasonReported}
		run := run{ctx: one.ctx, measure: func(context.Context) Result { return measured }}
		result := run.result()
		if result.Outcome != one.want {
			t.Errorf("%v became %v", one.was, result.Outcome)
		}
		if (result.Reason == ReasonTimeout) != (one.want == OutcomeTimeout) {
			t.Errorf("%v for the reason %v", result.Outcome, result.Reason)
		}
	}
}

func TestOfJoinedErrorsTheWorstCounts(t *testing.T) {
	failure := errors.New("gone")
	warning, local := Warn(errors.New("slow")), Local(errors.New("no memory"))
	for _, one := range []struct {
		err  error
		want Outcome
	}{
		{nil, OutcomePass},
		{failure, OutcomeFail},
		{warning, OutcomeWarn},
		{local, OutcomeLocal},
		{fmt.Errorf("orders: %w", warning), OutcomeWarn},
		{errors.Join(warning, failure), OutcomeFail},
		{errors.Join(local, failure), OutcomeFail},
		{errors.Join(local, warning), OutcomeWarn},
		{errors.Join(nil, local), OutcomeLocal},
		{fmt.Errorf("%w, %w", warning, failure), OutcomeFail},
		{Warn(errors.Join(failure, failure)), OutcomeWarn},
	} {
		if result := resultOf(one.err); result.Outcome != one.want {
			t.Errorf("%v is %v, not %v", one.err, result.Outcome, one.want)
		}
	}
}
