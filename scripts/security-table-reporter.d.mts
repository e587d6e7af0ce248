/** For the test that looks whether each file has a place in the table. */
export declare const hasFamily: (file: string) => boolean
