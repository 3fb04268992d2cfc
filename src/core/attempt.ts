import { SlipwayError } from './errors.ts';

/** The task's value, or the error of ours that it threw: for those that show errors beside other findings. */
export function attempt<T>(task: () => T): T | SlipwayError {
  try {
    return task();
  } catch (error) {
    if (error instanceof SlipwayError) return error;
    throw error;
  }
}
