/** What programs that set a sandbox up get: no variable of ours, since their environment can be read inside by way of /proc. */
export const OWN_ENV = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin',
};
