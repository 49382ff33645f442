import { declareScenarios } from './declare-scenarios.ts';

declareScenarios('6.1');
