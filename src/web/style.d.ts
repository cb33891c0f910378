/** Style sheets are the bundler's: importing one gives no value. */
declare module '*.css';
