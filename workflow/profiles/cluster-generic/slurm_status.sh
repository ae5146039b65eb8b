#!/bin/sh
# What became of a job, in the three words that the cluster-generic executor understands.
# Works without accounting; a job that Slurm has forgotten is looked up where there is accounting.
answer=$(scontrol show job --oneliner "$1" 2>&1)
state=$(printf '%s\n' "$answer" | sed -n 's/.* JobState=\([A-Z_]*\).*/\1/p')
if [ -z "$state" ]; then
    case $answer in
    *"Invalid job id"*)
        state=$(sacct --allocations --noheader --parsable2 --format=State --jobs="$1" 2>/dev/null)
        # Neither knows it: it did not end well as far as anybody can say, so it is run again.
        state=${state:-FORGOTTEN}
        ;;
    *) state=NO_ANSWER ;; # Slurm is busy or away; it is asked again later.
    esac
fi
case $state in
COMPLETED) echo success ;;
PENDING | CONFIGURING | RUNNING | COMPLETING | SUSPENDED | STOPPED | SIGNALING) echo running ;;
REQUEUED | REQUEUE_HOLD | RESIZING | STAGE_OUT | NO_ANSWER) echo running ;;
*) echo failed ;;
esac
