// The second process type: does one round of work and ends.
import ms from 'ms';
import { message } from './message.js';

console.log(`${message}, said by the worker; the next round would be in ${ms(ms('1h'), { long: true })}`);
