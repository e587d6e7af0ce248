import { Value } from 'typebox/value'
import { BatchInfo, JobList, Results, StatusInfo } from '../../src/http/job-schema.ts'
import { PreparedRun } from '../../src/http/openapi.ts'
import { Problem } from '../../src/http/problem-schema.ts'

/** The problem document of an answer. Fails where it does not fit its schema. */
export async function problemOf(response: Response): Promise<Problem> {
  return Value.Parse(Problem, await response.json())
}

/** The prepared run of an answer. Fails where it does not fit its schema. */
export async function runOf(response: Response): Promise<PreparedRun> {
  return Value.Parse(PreparedRun, await response.json())
}

/** The run of an answer, as a job. Fails where it does not fit its schema. */
export async function jobOf(response: Response): Promise<StatusInfo> {
  return Value.Parse(StatusInfo, await response.json())
}

/** The same for a page of runs. */
export async function jobsOf(response: Response): Promise<JobList> {
  return Value.Parse(JobList, await response.json())
}

/** The same for a sweep. */
export async function batchOf(response: Response): Promise<BatchInfo> {
  return Value.Parse(BatchInfo, await response.json())
}

/** The results of a run. Fails where they do not fit their schema. */
export async function resultsOf(response: Response): Promise<Results> {
  return Value.Parse(Results, await response.json())
}
