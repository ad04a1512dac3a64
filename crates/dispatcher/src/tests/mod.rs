//! The fault table: what follows from each way in which an attempt can end. An executor that does
//! what it is told and a clock that is set by hand make it run in milliseconds.

mod stage;

use std::io;
use std::time::Duration;

use configuration::ExecutorKind;
use executors::{Adopted, JobEnd};
use jiff::Timestamp;
use simulation::{Attempt, OutcomeClass, Simulation, SimulationResult};

use super::*;
use crate::suspicion::{Consequence, Suspicion};
use stage::*;

#[test]
fn what_the_model_came_to_is_its_outcome_at_the_first_attempt() {
    for outcome in [
        OutcomeClass::Completed,
        OutcomeClass::Exploded,
        OutcomeClass::Crashed,
        OutcomeClass::NoData,
    ] {
        let (class, _, begun) = Scene::new([Play::Leaves(outcome, JobEnd::Ended)]).outcome();
        assert_eq!((class, begun), (outcome, 1));
    }
}

#[test]
fn a_run_past_its_time_limit_is_an_outcome_with_the_limit_as_its_time() {
    let mut scene = Scene::new([Play::Ends(JobEnd::TimedOut)]);
    scene.dispatcher.enqueue(scene.task(0));
    let (_, result) = scene.run().remove(0);
    assert_eq!(result.outcome, OutcomeClass::TimedOut);
    assert_eq!(result.reason.as_deref(), Some("it ran longer than 1h"));
    assert!((result.simulation_seconds - 3600.0).abs() < 1e-9);
}

#[test]
fn a_limit_of_slurms_own_is_not_said_to_be_ours() {
    let mut scene = Scene::new([Play::Ends(JobEnd::OutOfTime)]);
    scene.dispatcher.enqueue(scene.task(0));
    let (_, result) = scene.run().remove(0);
    assert_eq!(result.outcome, OutcomeClass::TimedOut);
    assert!(result.reason.unwrap().starts_with("Slurm ended it at its own time limit"));
}

#[test]
fn a_fault_of_the_machine_is_run_again_and_leaves_no_trace_in_the_outcome() {
    let (class, reason, begun) =
        Scene::new([fault("its node n2 failed"), fault("its node n2 failed"), done()]).outcome();
    assert_eq!((class, reason.as_str(), begun), (OutcomeClass::Completed, "", 3));
}

#[test]
fn a_fault_that_comes_every_time_is_a_node_failure_that_says_how_often() {
    let faults = [fault("its node n2 failed"), fault("x"), fault("its node n3 failed")];
    let (class, reason, begun) = Scene::new(faults).outcome();
    assert_eq!((class, begun), (OutcomeClass::NodeFailure, 3));
    assert_eq!(reason, "its node n3 failed, 3 times");
}

#[test]
fn a_result_that_says_node_failure_is_a_fault_too() {
    let killed = || Play::Leaves(OutcomeClass::NodeFailure, JobEnd::Ended);
    let (class, _, begun) = Scene::new([killed(), killed(), killed()]).outcome();
    assert_eq!((class, begun), (OutcomeClass::NodeFailure, 3));
}

#[test]
fn a_job_without_a_result_a_broken_one_and_one_of_other_targets_are_faults() {
    let other = r#"{"outcome": "completed", "total": 0, "targets": [], "simulation_seconds": 1,
        "evaluation_seconds": 0}"#;
    let bad = [
        Play::Ends(JobEnd::Ended),
        Play::Dies(JobEnd::Ended),
        Play::Writes("{"),
        Play::Writes(other),
    ];
    for bad in bad.into_iter().chain([Play::Copies(3), Play::Lacks]) {
        assert_eq!(Scene::new([bad, done()]).outcome().2, 2);
    }
    assert_eq!(Scene::new([Play::Copies(0)]).outcome().2, 1);
}

#[test]
fn a_complete_result_counts_although_its_job_ran_out_of_memory_afterwards() {
    let play = Play::Leaves(OutcomeClass::Completed, JobEnd::OutOfMemory);
    assert_eq!(Scene::new([play]).outcome().0, OutcomeClass::Completed);
}

#[test]
fn want_of_memory_is_repeated_with_more_of_it_and_with_fewer_at_a_time() {
    let mut scene = Scene::new([
        Play::Ends(JobEnd::OutOfMemory),
        Play::Leaves(OutcomeClass::OutOfMemory, JobEnd::Ended),
        Play::Ends(JobEnd::OutOfMemory),
    ]);
    scene.dispatcher.enqueue(scene.task(0));
    let (_, result) = scene.run().remove(0);
    assert_eq!(result.outcome, OutcomeClass::OutOfMemory);
    let asked: Vec<u32> = scene.stage.submitted.borrow().iter().map(|it| it.2.memory).collect();
    assert_eq!(asked, [0, 1, 2]);
    assert_eq!(scene.dispatcher.slots(), 1);
    assert!(scene.dispatcher.messages().iter().any(|said| said.contains("memory is short")));
}

#[test]
fn want_of_time_is_repeated_with_more_of_it_where_that_is_wanted() {
    let ends = || [JobEnd::TimedOut, JobEnd::OutOfTime, JobEnd::TimedOut].map(Play::Ends);
    let on_slurm = |time_retry: Option<f64>| {
        Scene::new(ends()).with_limits(|limits| {
            limits.executor = ExecutorKind::Slurm;
            limits.slurm.time_retry = time_retry;
        })
    };
    let mut scene = on_slurm(Some(1.5));
    scene.dispatcher.enqueue(scene.task(0));
    let (_, result) = scene.run().remove(0);
    assert_eq!(result.outcome, OutcomeClass::TimedOut);
    assert_eq!(result.reason.as_deref(), Some("it ran longer than 135m, 3 times"));
    let asked: Vec<u32> = scene.stage.submitted.borrow().iter().map(|it| it.2.time).collect();
    assert_eq!(asked, [0, 1, 2]);

    let (class, reason, begun) = on_slurm(None).outcome();
    assert_eq!((class, begun), (OutcomeClass::TimedOut, 1));
    assert_eq!(reason, "it ran longer than 1h");
}

#[test]
fn a_job_that_ends_in_the_queue_is_submitted_again_and_that_does_not_count() {
    let unbegun = || Play::Ends(JobEnd::NeverBegan("somebody cancelled its job".to_owned()));
    let (class, reason, begun) =
        Scene::new([unbegun(), unbegun(), unbegun(), unbegun(), done()]).outcome();
    assert_eq!((class, reason.as_str(), begun), (OutcomeClass::Completed, "", 5));

    let mut scene = Scene::new(std::iter::repeat_with(unbegun).take(7).collect::<Vec<_>>());
    scene.dispatcher.enqueue(scene.task(0));
    let error = scene.error().to_string();
    assert!(error.contains("7 jobs in a row ended before they began"), "{error}");
}

#[test]
fn no_retries_means_that_the_first_fault_is_the_outcome() {
    let scene = Scene::new([fault("its node n2 failed")]).with_limits(|limits| limits.retries = 0);
    let (class, reason, begun) = scene.outcome();
    assert_eq!((class, begun), (OutcomeClass::NodeFailure, 1));
    assert_eq!(reason, "its node n2 failed");
}

#[test]
fn pauses_before_repetitions_grow() {
    let mut scene = Scene::new([fault("a"), fault("b"), fault("c")]);
    scene.dispatcher.enqueue(scene.task(0));
    let mut begun_at = vec![];
    while scene.dispatcher.running() + scene.dispatcher.waiting() > 0 {
        let before = scene.stage.submitted.borrow().len();
        scene.dispatcher.submit(&mut scene.notes).unwrap();
        if scene.stage.submitted.borrow().len() > before {
            begun_at.push(scene.clock.now().as_secs());
        }
        scene.dispatcher.wait(Duration::ZERO, &mut scene.notes).unwrap();
        scene.clock.0.set(scene.clock.now() + Duration::from_secs(1));
    }
    assert_eq!(begun_at, [0, 5, 35]);
}

#[test]
fn others_go_on_while_one_waits_for_its_repetition() {
    let mut scene = Scene::new([fault("a"), done(), done(), done()]).with_limits(|l| l.slots = 1);
    for candidate in 0..3 {
        scene.dispatcher.enqueue(scene.task(candidate));
    }
    let order: Vec<u64> = scene.run().into_iter().map(|(candidate, _)| candidate).collect();
    assert_eq!(order, [1, 2, 0]);
    assert_eq!(scene.stage.most.get(), 1);
}

#[test]
fn a_job_that_cannot_be_handed_over_is_tried_again_and_one_that_is_refused_ends_everything() {
    let (class, _, begun) =
        Scene::new([Play::Refuses(io::ErrorKind::ResourceBusy), done()]).outcome();
    assert_eq!((class, begun), (OutcomeClass::Completed, 2));
    let never = || Play::Refuses(io::ErrorKind::ResourceBusy);
    let mut scene = Scene::new([never(), never(), never()]);
    scene.dispatcher.enqueue(scene.task(0));
    let said = scene.error().to_string();
    assert_eq!(said, "candidate 0: cannot be started: no, 3 times, and nothing else worked");

    let mut scene = Scene::new([Play::Refuses(io::ErrorKind::InvalidInput)]);
    scene.dispatcher.enqueue(scene.task(0));
    let error = scene.dispatcher.submit(&mut scene.notes).unwrap_err();
    assert!(matches!(error, DispatchError::Refused(_)), "{error}");
}

#[test]
fn where_the_disk_has_no_room_nothing_is_blamed_and_nothing_begun() {
    let mut scene = Scene::new([Play::Ends(JobEnd::Ended)]);
    scene.enqueue(0..1);
    scene.dispatcher.submit(&mut scene.notes).unwrap();
    // Nothing can be written where there is no directory.
    std::fs::remove_dir_all(scene.place.path()).unwrap();
    let error = scene.dispatcher.wait(Duration::ZERO, &mut scene.notes).unwrap_err();
    assert!(matches!(error, DispatchError::NoRoom { .. }), "{error}");
    assert_eq!(scene.notes.0, ["submitting 0 1", "submitted 0 job 1"]);
}

#[test]
fn a_directory_that_is_gone_is_made_again() {
    let mut scene = Scene::new([Play::Ends(JobEnd::Ended), done()]);
    scene.enqueue(0..1);
    scene.dispatcher.submit(&mut scene.notes).unwrap();
    std::fs::remove_dir_all(scene.task(0).directory.path()).unwrap();
    assert_eq!(scene.run()[0].1.outcome, OutcomeClass::Completed);
}

#[test]
fn every_step_is_announced_before_it_is_taken() {
    let mut scene = Scene::new([fault("its node failed"), done()]);
    scene.dispatcher.enqueue(scene.task(7));
    scene.run();
    assert_eq!(
        scene.notes.0,
        [
            "submitting 7 1",
            "submitted 7 job 1",
            "interrupted 7 Some(Other): its node failed",
            "submitting 7 2",
            "submitted 7 job 1",
        ]
    );
    let written = Simulation::read(&scene.task(7).directory.simulation()).unwrap();
    assert_eq!((written.attempt, written.keep.all), (Attempt(2), true));
}

#[test]
fn what_was_cancelled_has_no_outcome_and_is_begun_again_first() {
    let mut scene = Scene::new([Play::Runs, Play::Runs]);
    for candidate in 0..3 {
        scene.dispatcher.enqueue(scene.task(candidate));
    }
    scene.dispatcher.submit(&mut scene.notes).unwrap();
    scene.dispatcher.cancel_all();
    assert!(scene.dispatcher.wait(Duration::ZERO, &mut scene.notes).unwrap().is_empty());
    assert_eq!((scene.dispatcher.running(), scene.dispatcher.waiting()), (0, 3));
    assert!(scene.notes.0.contains(&"interrupted 0 None: cancelled by the user".to_owned()));
}

#[test]
fn an_earlier_controllers_job_is_watched_settled_or_begun_again() {
    let mut scene = Scene::new([done()]);
    let mut task = scene.task(0);
    task.simulation.attempt = Attempt::FIRST;

    scene.stage.adopted.set(Some(Adopted::Running));
    assert!(scene.dispatcher.adopt(task.clone(), &mut scene.notes).unwrap());
    assert_eq!(scene.dispatcher.running(), 1);

    let mut scene = Scene::new([]);
    task.directory.prepare(&task.simulation, None).unwrap();
    let targets = scene.configuration.targets().unwrap();
    leave(&task.directory, OutcomeClass::Completed, Attempt::FIRST, &targets);
    scene.stage.adopted.set(Some(Adopted::Ended));
    assert!(!scene.dispatcher.adopt(task.clone(), &mut scene.notes).unwrap());
    let settled = scene.dispatcher.wait(Duration::ZERO, &mut scene.notes).unwrap();
    assert_eq!(settled[0].result.outcome, OutcomeClass::Completed);

    let mut scene = Scene::new([done()]);
    scene.stage.adopted.set(Some(Adopted::Gone));
    assert!(!scene.dispatcher.adopt(task, &mut scene.notes).unwrap());
    assert_eq!(scene.notes.0, ["interrupted 0 None: it ended with its controller"]);
    assert_eq!(scene.run().len(), 1);
    assert_eq!(scene.stage.submitted.borrow()[0].1, 2, "it is the second attempt");
}

#[test]
fn a_simulation_of_no_journal_is_taken_up_where_it_was_left() {
    let good = |result: &SimulationResult| result.outcome.is_the_models_own();
    let mut scene = Scene::new([]);
    let targets = scene.configuration.targets().unwrap();
    let mut begun = scene.task(0);
    begun.simulation.attempt = Attempt::FIRST;
    begun.directory.prepare(&begun.simulation, None).unwrap();

    // It has a result.
    leave(&begun.directory, OutcomeClass::Completed, Attempt::FIRST, &targets);
    scene.stage.adopted.set(Some(Adopted::Ended));
    let settled = scene.dispatcher.take_up::<String>(scene.task(0), good).unwrap().unwrap();
    assert_eq!(settled.result.outcome, OutcomeClass::Completed);

    // The result is none that would come again.
    leave(&begun.directory, OutcomeClass::Crashed, Attempt::FIRST, &targets);
    scene.stage.adopted.set(Some(Adopted::Ended));
    assert!(scene.dispatcher.take_up::<String>(scene.task(0), good).unwrap().is_none());
    assert_eq!((scene.dispatcher.running(), scene.dispatcher.waiting()), (0, 1));

    // It runs.
    scene.stage.adopted.set(Some(Adopted::Running));
    assert!(scene.dispatcher.take_up::<String>(scene.task(0), good).unwrap().is_none());
    assert_eq!(scene.dispatcher.running(), 1);

    // It is another simulation: nobody is asked about it.
    let mut other = scene.task(0);
    other.simulation.seed = 2;
    assert!(scene.dispatcher.take_up::<String>(other, good).unwrap().is_none());
    assert_eq!(scene.dispatcher.waiting(), 2);
}

#[test]
fn no_more_run_at_a_time_than_there_are_slots() {
    let plays = (0..9).map(|_| Play::Leaves(OutcomeClass::Completed, JobEnd::Ended));
    let mut scene = Scene::new(plays).with_limits(|limits| limits.slots = 4);
    for candidate in 0..9 {
        scene.dispatcher.enqueue(scene.task(candidate));
    }
    assert_eq!(scene.run().len(), 9);
    assert_eq!(scene.stage.most.get(), 4);
}

#[test]
fn a_complete_result_counts_whatever_its_job_came_to() {
    let fault = JobEnd::Fault("its node n2 failed".to_owned());
    for end in [JobEnd::TimedOut, JobEnd::OutOfMemory, JobEnd::Cancelled, fault] {
        let (class, _, begun) = Scene::new([Play::Leaves(OutcomeClass::Completed, end)]).outcome();
        assert_eq!((class, begun), (OutcomeClass::Completed, 1));
    }
}

#[test]
fn a_result_that_cannot_be_read_now_is_read_again_and_nothing_is_begun_anew() {
    let mut scene = Scene::new([Play::Hides]);
    scene.enqueue(0..1);
    scene.dispatcher.submit(&mut scene.notes).unwrap();
    for _ in 0..3 {
        assert!(scene.dispatcher.wait(Duration::ZERO, &mut scene.notes).unwrap().is_empty());
        scene.clock.0.set(scene.clock.now() + Duration::from_secs(10));
    }
    let directory = scene.task(0).directory;
    std::fs::remove_dir(directory.result()).unwrap();
    leave(
        &directory,
        OutcomeClass::Completed,
        Attempt::FIRST,
        &scene.configuration.targets().unwrap(),
    );
    let settled = scene.dispatcher.wait(Duration::ZERO, &mut scene.notes).unwrap();
    assert_eq!(settled[0].result.outcome, OutcomeClass::Completed);

    let mut scene = Scene::new([Play::Hides]);
    scene.enqueue(0..1);
    assert!(matches!(scene.error(), DispatchError::Unreadable { .. }));
    assert_eq!(scene.stage.submitted.borrow().len(), 1);
}

#[test]
fn an_environment_that_is_gone_ends_the_search_before_anything_is_told() {
    let plays = [done(), done()].into_iter().chain((0..18).map(|_| Play::Lacks));
    let mut scene = Scene::new(plays);
    scene.enqueue(0..8);
    let mut told = vec![];
    let error = loop {
        if let Err(error) = scene.dispatcher.submit(&mut scene.notes) {
            break error;
        }
        match scene.dispatcher.wait(Duration::ZERO, &mut scene.notes) {
            Ok(settled) => told.extend(settled.into_iter().map(|it| it.task.key.candidate.0)),
            Err(error) => break error,
        }
        scene.clock.0.set(scene.clock.now() + Duration::from_secs(1));
    };
    assert_eq!(told, [0, 1]);
    let said = error.to_string();
    assert!(said.contains("not found (exit code 127), 3 times, and nothing else worked"), "{said}");
}

#[test]
fn a_script_that_cannot_begin_is_the_environments_and_one_that_fails_later_is_not() {
    let failed = || JobEnd::Failed("its job failed on n2 with exit code 127".to_owned());
    let mut scene = Scene::new((0..3).map(|_| Play::Ends(failed())));
    scene.enqueue(0..1);
    let said = scene.error().to_string();
    assert!(said.contains("exit code 127, 3 times, and nothing else worked"), "{said}");

    let begun = (0..3).map(|_| Play::Dies(failed()));
    let (class, reason, attempts) = Scene::new(begun).outcome();
    assert_eq!((class, attempts), (OutcomeClass::NodeFailure, 3));
    assert_eq!(reason, "its job failed on n2 with exit code 127, 3 times");
}

#[test]
fn what_is_missing_for_one_while_others_work_is_lost_and_ends_nothing() {
    let plays = [Play::Lacks, done(), Play::Lacks, Play::Lacks];
    let mut scene = Scene::new(plays).with_limits(|limits| limits.slots = 1);
    scene.enqueue(0..2);
    let classes: Vec<_> =
        scene.run().into_iter().map(|(it, result)| (it, result.outcome)).collect();
    assert_eq!(classes, [(1, OutcomeClass::Completed), (0, OutcomeClass::NodeFailure)]);
}

#[test]
fn a_directory_that_cannot_be_made_ready_costs_its_candidate_and_nothing_else() {
    let mut scene = Scene::new([done(), done()]).with_limits(|limits| limits.slots = 1);
    std::fs::write(scene.task(0).directory.path(), "in the way").unwrap();
    scene.enqueue(0..3);
    let mut outcomes = scene.run();
    outcomes.sort_by_key(|(candidate, _)| *candidate);
    let classes: Vec<_> = outcomes.iter().map(|(_, result)| result.outcome).collect();
    let worked = OutcomeClass::Completed;
    assert_eq!(classes, [OutcomeClass::NodeFailure, worked, worked]);
    let reason = outcomes[0].1.reason.as_deref().unwrap();
    assert!(reason.starts_with("its directory cannot be made ready: "), "{reason}");
}

#[test]
fn a_crash_among_others_that_work_is_an_outcome() {
    let mut scene = Scene::new([done(), crash(), done(), crash(), crash(), crash(), done()]);
    scene.enqueue(0..7);
    let classes: Vec<_> = scene.run().into_iter().map(|(_, result)| result.outcome).collect();
    assert_eq!(classes.iter().filter(|it| **it == OutcomeClass::Crashed).count(), 4);
    assert_eq!(scene.stage.submitted.borrow().len(), 7, "nothing was probed");
}

#[test]
fn crashes_before_anything_has_worked_are_outcomes() {
    let mut scene = Scene::new((0..12).map(|_| crash()));
    scene.enqueue(0..12);
    assert_eq!(scene.run().len(), 12);
}

#[test]
fn after_many_failures_in_a_row_one_that_worked_is_tried_and_decides() {
    let crashes = || [done()].into_iter().chain((0..8).map(|_| crash()));
    let again = || (0..8).map(|_| crash()).chain([done()]);
    // It works, and those that failed fail again: the parameters are to blame.
    let mut scene = Scene::new(crashes().chain([done()]).chain(again()));
    scene = scene.with_limits(|limits| limits.slots = 1);
    scene.enqueue(0..9);
    let outcomes = scene.run();
    assert_eq!(outcomes.len(), 9);
    assert_eq!(outcomes[1].1.outcome, OutcomeClass::Crashed);
    assert_eq!(scene.stage.submitted.borrow().len(), 19);

    // It works, and so do those that failed: what was away was away for a while.
    let mut scene = Scene::new(crashes().chain((0..9).map(|_| done())));
    scene = scene.with_limits(|limits| limits.slots = 1);
    scene.enqueue(0..9);
    assert!(scene.run().iter().all(|(_, result)| result.outcome == OutcomeClass::Completed));

    // It fails, too: nothing is an outcome, and all are begun again.
    let mut scene = Scene::new(crashes().chain([crash()])).with_limits(|limits| limits.slots = 1);
    scene.enqueue(0..9);
    let error = scene.error();
    assert!(error.to_string().starts_with("nothing works any more: candidate 0"), "{error}");
    let again = scene.notes.0.iter().filter(|note| note.contains("nothing worked any more"));
    assert_eq!(again.count(), 8);
}

#[test]
fn what_worked_says_nothing_of_a_failure_that_began_later() {
    let scene = Scene::new([]);
    let settled = |candidate, class, second| {
        let result = SimulationResult::without_values(class, String::new(), &[]);
        let started = Some(Timestamp::from_second(second).unwrap());
        Settled { task: scene.task(candidate), result: SimulationResult { started, ..result } }
    };
    let outcomes = |consequence| match consequence {
        Consequence::Outcomes(outcomes) => outcomes.len(),
        Consequence::Wait => 0,
        _ => panic!("there were not many"),
    };
    let mut suspicion = Suspicion::default();
    assert_eq!(outcomes(suspicion.take(settled(0, OutcomeClass::Completed, 0))), 1);
    assert_eq!(outcomes(suspicion.take(settled(2, OutcomeClass::Crashed, 20))), 0);
    assert_eq!(outcomes(suspicion.take(settled(1, OutcomeClass::Completed, 10))), 1);
    assert_eq!(suspicion.held(), 1);
    assert_eq!(outcomes(suspicion.take(settled(3, OutcomeClass::Completed, 30))), 2);
}

#[test]
fn a_single_failure_after_which_nothing_runs_is_tried_too() {
    let mut scene = Scene::new([done(), crash(), done()]).with_limits(|limits| limits.slots = 1);
    scene.enqueue(0..2);
    let classes: Vec<_> = scene.run().into_iter().map(|(_, result)| result.outcome).collect();
    assert_eq!(classes, [OutcomeClass::Completed, OutcomeClass::Crashed]);
    assert_eq!(scene.stage.submitted.borrow().len(), 3, "one that worked was run again");
}

#[test]
fn a_whole_batch_that_fails_is_suspicious_too() {
    let mut scene = Scene::new([done(), crash(), crash(), crash(), crash(), crash()]);
    scene.enqueue(0..5);
    assert!(matches!(scene.error(), DispatchError::Environment(_)));
}

#[test]
fn nodes_are_judged_by_what_ran_on_them() {
    let mut scene = Scene::new([Play::Lacks, done(), crash(), done()]);
    scene.enqueue(0..1);
    scene.run();
    scene.enqueue(1..2);
    scene.run();
    // The last one is the candidate that worked, run again since the other one crashed.
    assert_eq!(*scene.stage.judged.borrow(), [(0, false), (0, true), (0, true)]);
}

#[test]
fn a_job_that_is_found_at_work_is_watched_and_not_disturbed() {
    let mut scene = Scene::new([]);
    let task = scene.task(0);
    let mut earlier = task.simulation.clone();
    earlier.attempt = Attempt(4);
    task.directory.prepare(&earlier, None).unwrap();
    let lock = task.directory.take_lock().unwrap();
    scene.stage.adopted.set(Some(Adopted::Running));
    scene.dispatcher.enqueue(task.clone());
    scene.dispatcher.submit(&mut scene.notes).unwrap();
    assert_eq!(scene.dispatcher.running(), 1);
    assert_eq!(scene.notes.0, ["submitting 0 4", "submitted 0 found at work"]);
    assert_eq!(Simulation::read(&task.directory.simulation()).unwrap().attempt, Attempt(4));
    drop(lock);
}
